import Diary
import Postgres

/// What the feeds report about lessons and the records of the journal. Staff get rows as the journal shows them,
/// families as the diary does.
package enum JournalChanges {
    package static let entities: [ChangedEntity] = [
        TimetableEntries.resource.changed(in: ["section"]),
        Unlocks.changed,
        Substitutions.changed,
        PlanChanges.plans,
        PlanCorrections.changed,
        entity("lessons", in: ["section"], lessons, families: ["section"], familyLessons),
        entity("line_items", in: ["section"], lineItems, families: ["section"], familyLineItems),
        entity("homework", in: ["journal", "section"], homework, families: ["section", "diary"], familyHomework),
        entity("marks", in: ["journal", "diary"], marks, families: ["diary"], familyMarks),
        entity("attendance", in: ["journal", "diary"], attendance, families: ["diary"], familyAttendance),
        AbsenceNotes.resource.changed(in: ["diary"], families: ["diary"]),
        entity("feedback", in: ["journal", "diary"], feedback, families: ["diary"], familyFeedback),
        entity("conduct_notes", in: ["diary"], conductNotes, families: ["diary"], familyConductNotes),
        Debts.changed,
        ConductMarks.changed,
        Acknowledgements.changed,
        entity("final_marks", in: ["journal", "diary"], finalMarks, families: ["diary"], familyFinalMarks),
        TransferredMarks.changed,
        JournalRemarks.resource.changed(in: ["journal"]),
        ControlSnapshots.resource.changed(in: ["office"]),
    ]

    private static func entity(
        _ name: String, in circles: [String], _ rows: Statement, families familyCircles: [String],
        _ familyRows: Statement
    ) -> ChangedEntity {
        ChangedEntity(
            name, access: .readersOfJournals.programs(.journalRead), circles: circles,
            rows: { caller, ids in rows(.integer(caller.school.id), ids, .boolean(caller.readsAll), caller.person) },
            familyCircles: familyCircles,
            familyRows: { caller, ids in familyRows(.integer(caller.school.id), ids) })
    }

    // MARK: Staff. `$1` is the school, `$2` the ids, `$3` whether the reader reads all, `$4` the reader.

    /// A4: those who teach or have taught the section read all of it, a class teacher the rows of the own students.
    private static func readers(of section: String, student: String, published: String? = nil) -> String {
        let own = "\(student) = ANY ((SELECT lyceum.led_ids($1, $4::uuid, true))::uuid[])"
        return """
            ($3::boolean OR lyceum.reads_section($1, $4::uuid, \(section))
                OR \(own)\(published.map { " AND \($0) <= now()" } ?? ""))
            """
    }
    /// The same for rows that are not about a student: a class teacher reads those of sections with own students.
    static func readers(of section: String) -> String {
        """
        ($3::boolean OR lyceum.reads_section($1, $4::uuid, \(section))
            OR \(section) = ANY (ARRAY(
                SELECT v.section_id FROM lyceum.led_sections($1, $4::uuid) v WHERE v.until = 'infinity'
            )))
        """
    }

    private static let lessons = Statement(
        """
        SELECT x.id, x.section_id, x.date, x.slot, lyceum.local_moment(x.date, x.starts_at) AS starts_at,
            lyceum.local_moment(x.date, x.ends_at) AS ends_at, r.name AS room, x.state, x.topic, x.plan_topic_id,
            x.no_homework, x.attendance_taken_at, \(SharedSQL.person("t", as: "teacher?")), \(LessonSubstitution.columns),
            x.topic_first_recorded_at, x.homework_first_recorded_at, x.version
        FROM lessons x
        LEFT JOIN rooms r ON r.school_id = $1 AND r.id = x.room_id
        LEFT JOIN users t ON t.school_id = $1 AND t.id = x.teacher_id
        \(LessonSubstitution.join("x", id: "id"))
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND \(readers(of: "x.section_id"))
        """)

    private static let lineItems = Statement(
        """
        SELECT x.id, x.section_id, x.lesson_id, x.category_id, x.title, x.weight, x.is_default, x.version
        FROM line_items x
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND x.deleted_at IS NULL AND \(readers(of: "x.section_id"))
        """)

    private static let homework = Statement(
        """
        SELECT x.id, x.section_id, x.lesson_id, x.text, x.due_on, x.asks_submission, to_json(n.students) AS student_ids,
            x.version
        FROM homework x
        LEFT JOIN LATERAL (
            SELECT array_agg(s.student_id ORDER BY s.student_id) AS students
            FROM homework_students s
            WHERE s.school_id = $1 AND s.homework_id = x.id AND \(readers(of: "x.section_id", student: "s.student_id"))
        ) n ON NOT x.for_all
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND x.deleted_at IS NULL AND \(readers(of: "x.section_id"))
            AND (x.for_all OR n.students IS NOT NULL)
        """)

    private static let marks = Statement(
        """
        SELECT x.id, i.section_id, x.line_item_id, x.student_id,
            lyceum.mark_value(x.kind, x.number, x.code, x.due_on) AS value, x.comment, x.version, x.published_at
        FROM marks x
        JOIN line_items i ON i.school_id = x.school_id AND i.id = x.line_item_id
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND x.kind IS NOT NULL AND i.deleted_at IS NULL
            AND \(readers(of: "i.section_id", student: "x.student_id", published: "x.published_at"))
        """)

    private static let attendance = Statement(
        """
        SELECT x.id, l.section_id, x.lesson_id, x.student_id, c.code, x.meaning, x.minutes, x.decided_meaning, x.version
        FROM attendance x
        JOIN lessons l ON l.school_id = x.school_id AND l.id = x.lesson_id
        LEFT JOIN attendance_codes c ON c.school_id = x.school_id AND c.id = x.code_id
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND coalesce(x.meaning, x.decided_meaning) IS NOT NULL
            AND \(readers(of: "l.section_id", student: "x.student_id"))
        """)

    private static let feedback = Statement(
        """
        SELECT x.id, x.section_id, x.lesson_id, x.term_id, x.student_id, x.text, x.version, x.published_at
        FROM feedback x
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND x.deleted_at IS NULL
            AND \(readers(of: "x.section_id", student: "x.student_id", published: "x.published_at"))
        """)

    private static let conductNotes = Statement(
        """
        SELECT x.id, x.student_id, x.date, x.kind, x.text, x.version
        FROM conduct_notes x
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND x.deleted_at IS NULL
            AND (
                $3::boolean
                OR x.student_id = ANY ((SELECT lyceum.led_ids($1, $4::uuid, true))::uuid[]) AND x.published_at <= now()
            )
        """)

    /// M10: a final mark is in the journal of each section of the subject that the student belongs or has belonged to.
    private static let finalMarks = Statement(
        """
        SELECT x.id, x.student_id, x.subject_id, x.academic_year_id, x.kind, x.term_id,
            lyceum.mark_value(x.value_kind, x.number, x.code, x.due_on) AS value, x.version, x.published_at
        FROM final_marks x
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND x.value_kind IS NOT NULL
            AND (
                $3::boolean
                OR x.student_id = ANY ((SELECT lyceum.led_ids($1, $4::uuid, true))::uuid[]) AND x.published_at <= now()
                OR EXISTS (
                    SELECT
                    FROM group_members m
                    JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
                        AND s.subject_id = x.subject_id AND s.academic_year_id = x.academic_year_id
                    WHERE m.school_id = $1 AND m.student_id = x.student_id
                        AND lyceum.reads_section($1, $4::uuid, s.id)
                )
            )
        """)

    // MARK: Families. `$1` is the school, `$2` the ids.

    private static let student = StudentGate.student

    /// The student belonged to the group of lesson `l` on its day.
    private static let studied = """
        EXISTS (
            SELECT
            FROM sections s
            JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
            WHERE s.school_id = l.school_id AND s.id = l.section_id AND m.student_id = \(student)
                AND lyceum.holds(m.starts_on, m.ends_on, l.date)
        )
        """

    private static let subject = """
        JOIN sections c ON c.school_id = l.school_id AND c.id = l.section_id
            JOIN subjects j ON j.school_id = c.school_id AND j.id = c.subject_id
        """

    private static let familyLessons = Statement(
        """
        SELECT l.id, l.section_id, j.id AS "subject.id", j.name AS "subject.name", l.date, l.slot,
            lyceum.local_moment(l.date, l.starts_at) AS starts_at, lyceum.local_moment(l.date, l.ends_at) AS ends_at,
            l.state, \(SharedSQL.person("t", as: "teacher?")), r.name AS room, l.topic, l.no_homework,
            \(LessonSubstitution.columns)
        FROM lessons l
        \(subject)
        LEFT JOIN users t ON t.school_id = $1 AND t.id = l.teacher_id
        LEFT JOIN rooms r ON r.school_id = $1 AND r.id = l.room_id
        \(LessonSubstitution.join("l", id: "id"))
        WHERE l.school_id = $1 AND l.id = ANY ($2::uuid[]) AND \(studied)
        """)

    /// A family sees the columns in which its student has a mark.
    private static let familyLineItems = Statement(
        """
        SELECT i.id, i.lesson_id, i.category_id, i.title, i.weight
        FROM line_items i
        WHERE i.school_id = $1 AND i.id = ANY ($2::uuid[]) AND i.deleted_at IS NULL
            AND EXISTS (
                SELECT FROM marks k
                WHERE k.school_id = i.school_id AND k.line_item_id = i.id AND k.student_id = \(student)
                    AND k.kind IS NOT NULL AND k.published_at <= now()
            )
        """)

    private static let familyHomework = Statement(
        """
        SELECT h.id, h.lesson_id, j.id AS "subject.id", j.name AS "subject.name", h.text, h.due_on,
            h.asks_submission, d.homework_id IS NOT NULL AS done
        FROM homework h
        JOIN lessons l ON l.school_id = h.school_id AND l.id = h.lesson_id AND \(studied)
        \(subject)
        LEFT JOIN homework_completions d ON d.school_id = $1 AND d.homework_id = h.id AND d.student_id = \(student)
        WHERE h.school_id = $1 AND h.id = ANY ($2::uuid[]) AND h.deleted_at IS NULL
            AND (
                h.for_all
                OR EXISTS (
                    SELECT FROM homework_students o
                    WHERE o.school_id = $1 AND o.homework_id = h.id AND o.student_id = \(student)
                )
            )
        """)

    private static let familyMarks = Statement(
        """
        SELECT k.id, k.line_item_id, l.section_id, j.id AS "subject.id", j.name AS "subject.name",
            l.id AS "lesson.id", l.date AS "lesson.date", g.id AS "category?.id", g.name AS "category?.name",
            coalesce(g.short_name, left(g.name, 10)) AS "category?.short", i.title, i.weight,
            lyceum.mark_value(k.kind, k.number, k.code, k.due_on) AS value, k.comment, k.version,
            k.changed_at AS recorded_at
        FROM marks k
        JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id AND i.deleted_at IS NULL
        JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
        \(subject)
        LEFT JOIN categories g ON g.school_id = $1 AND g.id = i.category_id
        WHERE k.school_id = $1 AND k.id = ANY ($2::uuid[]) AND k.student_id = \(student)
            AND k.kind IS NOT NULL AND k.published_at <= now()
        """)

    private static let familyAttendance = Statement(
        """
        SELECT x.id, x.lesson_id, lyceum.counted_meaning(x.meaning, x.decided_meaning) AS meaning,
            CASE WHEN x.decided_meaning IS NULL THEN x.minutes ELSE x.decided_minutes END AS minutes
        FROM attendance x
        JOIN lessons l ON l.school_id = x.school_id AND l.id = x.lesson_id AND \(studied)
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND x.student_id = \(student)
            AND coalesce(x.meaning, x.decided_meaning) IS NOT NULL
        """)

    private static let author = """
        \(SharedSQL.person("u", as: "author?"))
        """

    private static let familyFeedback = Statement(
        """
        SELECT f.id, f.section_id, f.lesson_id, f.term_id, f.text, f.version, \(author), f.created_at
        FROM feedback f
        LEFT JOIN users u ON u.school_id = $1 AND u.id = f.author_id
        WHERE f.school_id = $1 AND f.id = ANY ($2::uuid[]) AND f.student_id = \(student)
            AND f.deleted_at IS NULL AND f.published_at <= now()
        """)

    private static let familyConductNotes = Statement(
        """
        SELECT n.id, n.date, n.kind, n.text, n.version, \(author)
        FROM conduct_notes n
        LEFT JOIN users u ON u.school_id = $1 AND u.id = n.author_id
        WHERE n.school_id = $1 AND n.id = ANY ($2::uuid[]) AND n.student_id = \(student)
            AND n.deleted_at IS NULL AND n.published_at <= now()
        """)

    private static let familyFinalMarks = Statement(
        """
        SELECT x.id, j.id AS "subject.id", j.name AS "subject.name", x.academic_year_id, x.kind, x.term_id,
            lyceum.mark_value(x.value_kind, x.number, x.code, x.due_on) AS value, x.version
        FROM final_marks x
        JOIN subjects j ON j.school_id = $1 AND j.id = x.subject_id
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND x.student_id = \(student)
            AND x.value_kind IS NOT NULL AND x.published_at <= now()
        """)
}

extension BackgroundWork {
    /// M12: one kind of work for each table with a time of publication.
    package static let publications = ["marks", "feedback", "conduct_notes", "final_marks", "debts"].map {
        publishing($0)
    }
}
