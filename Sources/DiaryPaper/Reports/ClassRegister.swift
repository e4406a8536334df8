import Diary
import Postgres
import Web

/// «Сводная ведомость»: the final marks of a class in an academic year, students by subjects and terms.
enum ClassRegister {
    static let report = Report(
        "class-register",
        title: Text(ru: "Сводная ведомость успеваемости", en: "Class register"),
        summary: Text(
            ru: "Итоговые отметки класса за учебный год по предметам и периодам: для классного руководителя и "
                + "администрации.",
            en: "The final marks of a class in its academic year, by subject and term: for the class teacher and the "
                + "administration."),
        access: .roles([.head, .deputyHead, .classTeacher]), parameters: [.ofClass],
        paper: Paper(.landscape, signatures: [SharedColumns.classTeacher, SharedColumns.deputyHead])
    ) { input in
        let schoolClass = ClassGate.open(input.caller, input.required("class_id"))
        let school = input.school
        let across = Pivot.Across(
            "columns", columns(school), key: "_id", label: "_label", group: "_group", width: 4, words: words)
        return ReportContent {
            Gate(schoolClass)
            Facts("class", schoolClass, [Column("name", ru: "Класс", en: "Class")])
            Facts("academic_year", year(school), [Column("name", ru: "Учебный год", en: "Academic year")])
            Pivot(
                "students", students(school), before: [.number, Column("", .shortPerson, ru: "Ученик", en: "Student")],
                across: across, cells: Pivot.Cells(cells(school), .mark),
                after: [
                    Column("average", .decimal(2), width: 6, isOptional: true, ru: "Средний балл", en: "Average"),
                    Column("days_missed", .integer, width: 5, ru: "Дней проп.", en: "Days missed"),
                    Column("lessons_missed", .integer, width: 5, ru: "Уроков проп.", en: "Lessons missed"),
                    Column("left_on", .date, width: 9, isOptional: true, ru: "Выбыл", en: "Left"),
                ])
            Pivot(
                "figures", figures(school), key: "_key",
                before: [Column("figure", width: 24, words: SharedColumns.figures, ru: "Показатель", en: "Figure")],
                across: across, cells: Pivot.Cells(figureCells(school), .decimal(1)))
        }
    }

    private static let words = SharedColumns.kinds.merging([
        "conduct": Text(ru: "Поведение", en: "Conduct")
    ]) { $1 }

    // MARK: SQL. `$1` is the school.

    private static let year = Statement(
        """
        SELECT y.id, y.name
        FROM classes c
        JOIN academic_years y ON y.school_id = $1 AND y.id = c.academic_year_id
        WHERE c.school_id = $1 AND c.id = \(ClassGate.schoolClass)
        """)

    private static let classYear = """
        (SELECT c.academic_year_id FROM classes c WHERE c.school_id = $1 AND c.id = \(ClassGate.schoolClass))
        """

    /// Everybody who was in the class in the year; a leaver's marks stay in the register.
    private static let members = """
        members AS MATERIALIZED (
            SELECT DISTINCT ON (e.student_id) e.student_id, e.ends_on, y.id AS academic_year_id, y.starts_on,
                y.ends_on AS year_ends_on
            FROM enrollments e
            JOIN classes c ON c.school_id = $1 AND c.id = e.class_id
            JOIN academic_years y ON y.school_id = $1 AND y.id = c.academic_year_id
            WHERE e.school_id = $1 AND e.class_id = \(ClassGate.schoolClass) AND e.starts_on <= lyceum.today()
            ORDER BY e.student_id, e.starts_on DESC
        )
        """

    /// M11: with those of composite subjects. What a student got in another class after leaving this one stands in the
    /// register of that class.
    private static let marks = """
        marks AS MATERIALIZED (
            SELECT f.student_id, f.subject_id, f.kind, f.term_id, f.number, f.code, f.due_on,
                false AS is_computed
            FROM members m
            JOIN final_marks f ON f.school_id = $1 AND f.student_id = m.student_id
                AND f.academic_year_id = m.academic_year_id AND f.value_kind IS NOT NULL
                AND (NOT \(ClassGate.isPublishedOnly) OR f.published_at <= now())
            LEFT JOIN terms t ON t.school_id = $1 AND t.id = f.term_id
            WHERE NOT \(isElsewhere("coalesce(t.ends_on, m.year_ends_on)"))
            UNION ALL
            SELECT c.student_id, c.subject_id, c.kind, NULL, c.number, NULL, NULL, true
            FROM members m
            JOIN lyceum.composite_finals(
                $1, \(classYear), ARRAY(SELECT m.student_id FROM members m), \(ClassGate.isPublishedOnly)
            ) c ON c.student_id = m.student_id
            WHERE NOT \(isElsewhere("m.year_ends_on"))
        ), conduct AS MATERIALIZED (
            SELECT k.student_id, k.term_id, k.level
            FROM members m
            JOIN conduct_marks k ON k.school_id = $1 AND k.student_id = m.student_id
            JOIN terms t ON t.school_id = $1 AND t.id = k.term_id AND t.academic_year_id = m.academic_year_id
            WHERE NOT \(isElsewhere("t.ends_on"))
        )
        """

    private static func isElsewhere(_ day: String) -> String {
        """
        EXISTS (
            SELECT FROM enrollments e
            WHERE e.school_id = $1 AND e.student_id = m.student_id AND e.class_id <> \(ClassGate.schoolClass)
                AND e.starts_on > m.ends_on AND lyceum.holds(e.starts_on, e.ends_on, \(day))
        )
        """
    }

    private static let key = "concat_ws(' ', f.subject_id, f.kind, f.term_id)"
    private static let kinds = "array_position(ARRAY['term', 'year', 'exam', 'final', 'conduct'], f.kind)"

    /// The average is that of the year marks; until there are some, that of the last term with marks.
    private static let students = Statement(
        """
        WITH \(members), \(marks), averages AS (
            SELECT DISTINCT ON (f.student_id) f.student_id, sum(f.number) AS total, count(f.number) AS numbers
            FROM marks f
            LEFT JOIN terms t ON t.school_id = $1 AND t.id = f.term_id
            WHERE f.kind IN ('term', 'year') AND f.number IS NOT NULL AND NOT f.is_computed
            GROUP BY f.student_id, f.kind, t.starts_on
            ORDER BY f.student_id, f.kind DESC, t.starts_on DESC
        ), missed AS MATERIALIZED (
            SELECT a.*
            FROM lyceum.attendance_totals(
                $1, ARRAY(SELECT m.student_id FROM members m), (SELECT m.starts_on FROM members m LIMIT 1),
                (SELECT m.year_ends_on FROM members m LIMIT 1), \(ClassGate.schoolClass)
            ) a
        )
        SELECT u.id, u.last_name, u.first_name, u.middle_name,
            CASE WHEN m.ends_on < least(lyceum.today(), m.year_ends_on) THEN m.ends_on END AS left_on,
            lyceum.shown_average(a.total, a.numbers) AS average, d.missed_days AS days_missed, d.missed AS lessons_missed,
            d.unexcused + d.absent AS without_reason,
            CASE WHEN m.ends_on IS NULL OR m.ends_on >= lyceum.today()
                THEN '/v1/reports/report-card?student_id=' || u.id || '&academic_year_id=' || m.academic_year_id
            END AS "links.report_card"
        FROM members m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        LEFT JOIN averages a ON a.student_id = m.student_id
        LEFT JOIN missed d ON d.student_id = m.student_id
        ORDER BY u.last_name, u.first_name, u.id
        """)

    /// M14: conduct is no subject, and stands at the end.
    private static let columns = Statement(
        """
        WITH \(members), \(marks)
        SELECT f._id, f.subject_id AS "subject?.id", j.name AS "subject?.name", f.kind, t.id AS "term?.id",
            t.name AS "term?.name", coalesce(j.name, f.kind) AS _group, coalesce(t.ordinal::text, f.kind) AS _label
        FROM (
            SELECT DISTINCT \(key) AS _id, f.subject_id, f.kind, f.term_id FROM marks f
            UNION ALL
            SELECT DISTINCT concat_ws(' ', 'conduct', k.term_id), NULL::uuid, 'conduct', k.term_id FROM conduct k
        ) f
        LEFT JOIN subjects j ON j.school_id = $1 AND j.id = f.subject_id
        LEFT JOIN terms t ON t.school_id = $1 AND t.id = f.term_id
        ORDER BY f.subject_id IS NULL, j.position, j.name, j.id, \(kinds), t.starts_on
        """)

    private static let cells = Statement(
        """
        WITH \(members), \(marks)
        SELECT f.student_id AS _parent, f._across, f.subject_id, f.kind, f.term_id, f.value, f.is_computed
        FROM (
            SELECT f.student_id, \(key) AS _across, f.subject_id, f.kind, f.term_id, f.is_computed,
                lyceum.mark_value(CASE WHEN f.number IS NULL THEN 'code' ELSE 'number' END, f.number, f.code, f.due_on) AS value
            FROM marks f
            UNION ALL
            SELECT k.student_id, concat_ws(' ', 'conduct', k.term_id), NULL, 'conduct', k.term_id, false,
                lyceum.mark_value('number', k.level, NULL, NULL)
            FROM conduct k
        ) f
        JOIN users u ON u.school_id = $1 AND u.id = f.student_id
        ORDER BY u.last_name, u.first_name, u.id
        """)

    private static let figures = Statement(
        """
        SELECT f.figure AS _key, f.figure
        FROM unnest(ARRAY['achievement', 'quality', 'learning']) WITH ORDINALITY f (figure, position)
        WHERE $1::integer IS NOT NULL
        ORDER BY f.position
        """)

    /// Of terms and the year by lyceum.seats. Of exams, final marks and composite subjects, which have no day, of those who
    /// have not left.
    private static let figureCells = Statement(
        """
        WITH \(members), \(marks), seats AS (
            SELECT s.subject_id, s.kind, s.term_id, s.number, s.code, s.final_mark_id
            FROM lyceum.seats($1, \(classYear), NULL, NULL, \(ClassGate.schoolClass), NULL, \(ClassGate.isPublishedOnly)) s
            WHERE s.is_first
            UNION ALL
            SELECT f.subject_id, f.kind, f.term_id, f.number, f.code, m.student_id
            FROM marks f
            JOIN members m ON m.student_id = f.student_id
                AND coalesce(m.ends_on >= least(lyceum.today(), m.year_ends_on), true)
            WHERE f.is_computed OR f.kind IN ('exam', 'final')
        ), counted AS (
            SELECT s.subject_id, s.kind, s.term_id, \(SharedColumns.countsOfSeats)
            FROM seats s
            GROUP BY s.subject_id, s.kind, s.term_id
        )
        SELECT v.figure AS _parent, concat_ws(' ', n.subject_id, n.kind, n.term_id) AS _across, n.subject_id, n.kind, n.term_id,
            v.value, r.assessed
        FROM counted n
        \(SharedColumns.ratesOfCounts)
        CROSS JOIN LATERAL (
            VALUES (1, 'achievement', r.achievement_percent), (2, 'quality', r.quality_percent),
                (3, 'learning', r.learning_percent)
        ) v (position, figure, value)
        WHERE v.value IS NOT NULL
        ORDER BY v.position
        """)
}
