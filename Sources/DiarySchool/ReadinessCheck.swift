import Web

/// One check of the school's set-up.
struct ReadinessCheck: Sendable {
    let code: String
    /// Lessons cannot be created or recorded until a required check passes; the others can wait.
    let isRequired: Bool
    /// A scalar query over `y`, `day`, `grades`, `enrolled` and `able` of `SchoolReadiness`: the number of missing
    /// items.
    let count: String
    let fine: Text
    /// Contains `{n}` in place of the count.
    let missing: Text

    /// The text for the answer.
    func detail(_ count: Int, _ language: Language) -> String {
        count == 0 ? fine[language] : missing[language].replacing("{n}", with: String(count))
    }

    /// In the order of setting up a school.
    static let all = [
        ReadinessCheck(
            code: "academic_year", isRequired: true,
            count: "SELECT 1 - count(*) FROM y",
            fine: Text(ru: "Учебный год задан.", en: "There is an academic year."),
            missing: Text(ru: "Нет учебного года.", en: "There is no academic year.")),
        ReadinessCheck(
            code: "terms", isRequired: true,
            count: """
                SELECT count(*)
                FROM grades g
                CROSS JOIN y
                WHERE EXISTS (
                    SELECT FROM generate_series(0, y.ends_on - y.starts_on) n
                    WHERE extract(isodow FROM y.starts_on + n) <= CASE
                            WHEN EXISTS (
                                SELECT FROM school_settings t
                                WHERE t.school_id = $1 AND g.grade_level = ANY (t.six_day_grade_levels)
                            ) THEN 6
                            ELSE 5
                        END
                        AND NOT EXISTS (
                            SELECT FROM terms t
                            WHERE t.school_id = $1 AND t.academic_year_id = y.id AND g.grade_level = ANY (t.grade_levels)
                                AND y.starts_on + n BETWEEN t.starts_on AND t.ends_on
                        )
                        AND NOT EXISTS (
                            SELECT FROM holidays h
                            WHERE h.school_id = $1 AND y.starts_on + n BETWEEN h.starts_on AND h.ends_on
                                AND (h.grade_levels IS NULL OR g.grade_level = ANY (h.grade_levels))
                        )
                )
                """,
            fine: Text(
                ru: "Каждый учебный день каждой параллели входит в четверть, триместр или полугодие.",
                en: "Each school day of each grade level is in a term."),
            missing: Text(
                ru: "Параллели, у которых есть учебные дни вне четвертей, триместров и полугодий: {n}.",
                en: "Grade levels with school days outside any term: {n}.")),
        ReadinessCheck(
            code: "bells", isRequired: true,
            count: """
                SELECT count(*)
                FROM grades g
                CROSS JOIN y
                LEFT JOIN (
                    SELECT DISTINCT r.grade_level, b.shift
                    FROM sections s
                    JOIN y ON y.id = s.academic_year_id
                    JOIN groups r ON r.school_id = s.school_id AND r.id = s.group_id
                    JOIN timetable_entries e ON e.school_id = s.school_id AND e.section_id = s.id
                    JOIN bell_schedules b ON b.school_id = e.school_id AND b.id = e.bell_schedule_id
                    WHERE s.school_id = $1
                ) used ON used.grade_level = g.grade_level
                WHERE NOT EXISTS (
                    SELECT
                    FROM bell_schedules b
                    JOIN bell_slots l ON l.school_id = b.school_id AND l.bell_schedule_id = b.id
                    WHERE b.school_id = $1 AND b.academic_year_id = y.id AND g.grade_level = ANY (b.grade_levels)
                        AND (used.shift IS NULL OR b.shift = used.shift)
                )
                """,
            fine: Text(
                ru: "Расписание звонков есть для каждой параллели и смены.",
                en: "There is a bell schedule for each grade level and shift."),
            missing: Text(
                ru: "Параллели и смены без расписания звонков: {n}.",
                en: "Grade levels and shifts without a bell schedule: {n}.")
        ),
        ReadinessCheck(
            code: "subjects", isRequired: true,
            count: isEmpty("subjects s WHERE s.school_id = $1 AND s.archived_at IS NULL"),
            fine: Text(ru: "Предметы заданы.", en: "There are subjects."),
            missing: Text(ru: "Нет предметов.", en: "There are no subjects.")),
        ReadinessCheck(
            code: "categories", isRequired: true,
            count: isEmpty("categories c WHERE c.school_id = $1 AND c.archived_at IS NULL"),
            fine: Text(ru: "Виды работ заданы.", en: "There are kinds of work."),
            missing: Text(ru: "Нет видов работ.", en: "There are no kinds of work.")),
        ReadinessCheck(
            code: "attendance_codes", isRequired: true,
            count: """
                SELECT count(*)
                FROM unnest(ARRAY['absent', 'ill', 'excused', 'unexcused', 'late']) m (meaning)
                WHERE NOT EXISTS (
                    SELECT FROM attendance_codes a
                    WHERE a.school_id = $1 AND a.meaning = m.meaning AND a.archived_at IS NULL
                )
                """,
            fine: Text(ru: "У каждого вида пропуска есть обозначение.", en: "Each kind of absence has a code."),
            missing: Text(ru: "Виды пропусков без обозначения: {n}.", en: "Kinds of absence without a code: {n}.")),
        ReadinessCheck(
            code: "classes", isRequired: true,
            count: isEmpty("grades"),
            fine: Text(ru: "Классы созданы.", en: "There are classes."),
            missing: Text(ru: "Нет классов.", en: "There are no classes.")),
        ReadinessCheck(
            code: "classes_without_class_teacher", isRequired: false,
            count: """
                SELECT count(*)
                FROM classes c
                JOIN y ON y.id = c.academic_year_id
                CROSS JOIN day
                WHERE c.school_id = $1 AND c.archived_at IS NULL AND NOT EXISTS (
                    SELECT FROM class_teachers t
                    WHERE t.school_id = c.school_id AND t.class_id = c.id AND lyceum.holds(t.starts_on, t.ends_on, day.date)
                )
                """,
            fine: Text(
                ru: "У каждого класса есть классный руководитель.", en: "Each class has a class teacher."),
            missing: Text(ru: "Классы без классного руководителя: {n}.", en: "Classes without a class teacher: {n}.")),
        ReadinessCheck(
            code: "classes_without_pupils", isRequired: false,
            count: """
                SELECT count(*)
                FROM classes c
                JOIN y ON y.id = c.academic_year_id
                CROSS JOIN day
                WHERE c.school_id = $1 AND c.archived_at IS NULL AND NOT EXISTS (
                    SELECT FROM enrollments e
                    WHERE e.school_id = c.school_id AND e.class_id = c.id AND lyceum.holds(e.starts_on, e.ends_on, day.date)
                )
                """,
            fine: Text(ru: "В каждом классе есть ученики.", en: "Each class has students."),
            missing: Text(ru: "Классы без учеников: {n}.", en: "Classes without students: {n}.")),
        ReadinessCheck(
            code: "sections", isRequired: true,
            count: isEmpty(
                """
                sections s
                JOIN y ON y.id = s.academic_year_id
                WHERE s.school_id = $1 AND s.archived_at IS NULL
                """),
            fine: Text(ru: "Страницы журнала созданы.", en: "There are sections."),
            missing: Text(ru: "Нет страниц журнала.", en: "There are no sections.")),
        ReadinessCheck(
            code: "sections_without_teacher", isRequired: true,
            count: """
                SELECT count(*)
                FROM sections s
                JOIN y ON y.id = s.academic_year_id
                CROSS JOIN day
                WHERE s.school_id = $1 AND s.archived_at IS NULL AND NOT EXISTS (
                    SELECT FROM section_teachers t
                    WHERE t.school_id = s.school_id AND t.section_id = s.id AND lyceum.holds(t.starts_on, t.ends_on, day.date)
                )
                """,
            fine: Text(ru: "У каждой страницы журнала есть учитель.", en: "Each section has a teacher."),
            missing: Text(ru: "Страницы журнала без учителя: {n}.", en: "Sections without a teacher: {n}.")),
        // L1: memberships change without regard to the timetable (docs/decisions/0040-around-the-timetable.md).
        ReadinessCheck(
            code: "timetable_collisions", isRequired: false,
            count: """
                SELECT count(DISTINCT c.entry_id)
                FROM day
                CROSS JOIN LATERAL lyceum.timetable_collisions(
                    $1,
                    ARRAY(
                        SELECT e.id
                        FROM timetable_entries e
                        JOIN sections s ON s.school_id = $1 AND s.id = e.section_id AND s.archived_at IS NULL
                        JOIN y ON y.id = s.academic_year_id
                        WHERE e.school_id = $1
                    ),
                    day.date
                ) c
                """,
            fine: Text(
                ru: "В расписании нет накладок.", en: "The timetable has no collisions."),
            missing: Text(
                ru: "Записи расписания с накладками: {n}.", en: "Timetable entries that collide with others: {n}.")),
        // A student who has left the school has only past enrollments and is not counted.
        ReadinessCheck(
            code: "pupils_without_class", isRequired: false,
            count: """
                SELECT count(*)
                FROM students p
                JOIN users u ON u.school_id = p.school_id AND u.id = p.id
                CROSS JOIN day
                WHERE p.school_id = $1 AND u.state <> 'blocked' AND u.depersonalised_at IS NULL
                    AND NOT EXISTS (SELECT FROM enrolled e WHERE e.student_id = p.id)
                    AND (
                        NOT EXISTS (
                            SELECT FROM enrollments e WHERE e.school_id = p.school_id AND e.student_id = p.id
                        )
                        OR EXISTS (
                            SELECT FROM enrollments e
                            WHERE e.school_id = p.school_id AND e.student_id = p.id AND lyceum.holds(e.starts_on, e.ends_on, day.date)
                        )
                    )
                """,
            fine: Text(ru: "Каждый ученик зачислен в класс.", en: "Each student is enrolled in a class."),
            missing: Text(ru: "Ученики без класса: {n}.", en: "Students without a class: {n}.")),
        // L5
        ReadinessCheck(
            code: "pupils_outside_parts", isRequired: false,
            count: "SELECT count(DISTINCT o.student_id) FROM (\(outsideParts)) o",
            fine: Text(
                ru: "Если предмет в классе идёт по подгруппам, каждый ученик входит в одну из них.",
                en: "Where a subject is taught to the parts of a class, each student is in one of them."),
            missing: Text(
                ru: "Ученики, которые по какому-то предмету не входят ни в одну подгруппу: {n}.",
                en: "Students who are in no part of their class for some subject: {n}.")),
        ReadinessCheck(
            code: "members_outside_class", isRequired: false,
            count: "SELECT count(*) FROM lyceum.outside_class($1)",
            fine: Text(
                ru: "Все участники подгрупп учатся в их классах.", en: "All members of subgroups are in their classes."),
            missing: Text(
                ru: "Записи в подгруппах, в дни которых ученик не учится в классе: {n}.",
                en: "Memberships in subgroups on days on which the student is not in the class: {n}.")),
        ReadinessCheck(
            code: "pupils_without_guardian", isRequired: false,
            count: """
                SELECT count(*)
                FROM enrolled e
                CROSS JOIN day
                WHERE NOT EXISTS (SELECT \(guardians))
                """,
            fine: Text(
                ru: "У каждого ученика есть родитель или опекун с доступом.",
                en: "Each student has a guardian with access."),
            missing: Text(
                ru: "Ученики без родителя или опекуна с доступом: {n}.",
                en: "Students without a guardian with access: {n}.")),
        ReadinessCheck(
            code: "staff_without_credentials", isRequired: false,
            count: """
                SELECT count(*)
                FROM users u
                LEFT JOIN staff f ON f.school_id = u.school_id AND f.id = u.id
                CROSS JOIN day
                WHERE u.school_id = $1 AND u.state <> 'blocked' AND u.depersonalised_at IS NULL
                    AND (f.left_on IS NULL OR f.left_on >= day.date)
                    AND EXISTS (
                        SELECT FROM user_roles r
                        WHERE r.school_id = u.school_id AND r.user_id = u.id AND r.role NOT IN ('guardian', 'student')
                    )
                    AND NOT EXISTS (SELECT FROM able a WHERE a.id = u.id)
                """,
            fine: Text(ru: "Все сотрудники могут войти.", en: "All staff can sign in."),
            missing: Text(
                ru: "Сотрудники без реквизитов доступа: {n}.", en: "Staff without credentials: {n}.")),
        ReadinessCheck(
            code: "families_without_credentials", isRequired: false,
            count: """
                SELECT count(*)
                FROM enrolled e
                CROSS JOIN day
                WHERE NOT EXISTS (SELECT FROM able a WHERE a.id = e.student_id)
                    AND NOT EXISTS (SELECT \(guardians) AND g.guardian_id IN (SELECT a.id FROM able a))
                """,
            fine: Text(ru: "В каждой семье кто-то может войти.", en: "Somebody in each family can sign in."),
            missing: Text(
                ru: "Ученики, в семье которых никто не может войти: {n}.",
                en: "Students in whose family nobody can sign in: {n}.")),
    ]

    /// L5: students of classes whose parts are taught a subject, with the subjects in which they are in no group.
    static let outsideParts = """
        SELECT e.student_id, d.class_id, d.subject_id
        FROM (
            SELECT DISTINCT g.class_id, s.subject_id
            FROM sections s
            JOIN y ON y.id = s.academic_year_id
            JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id AND g.kind = 'part'
            WHERE s.school_id = $1 AND s.archived_at IS NULL AND s.kind = 'curricular'
        ) d
        CROSS JOIN day
        JOIN enrollments e ON e.school_id = $1 AND e.class_id = d.class_id AND e.in_class_group
            AND lyceum.holds(e.starts_on, e.ends_on, day.date)
        WHERE NOT EXISTS (
            SELECT
            FROM group_members m
            JOIN sections o ON o.school_id = $1 AND o.group_id = m.group_id AND o.subject_id = d.subject_id
                AND o.archived_at IS NULL
            WHERE m.school_id = $1 AND m.student_id = e.student_id AND lyceum.holds(m.starts_on, m.ends_on, day.date)
        )
        """

    /// The guardians of the student `e` on the day `day` (A3).
    private static let guardians = """
        FROM guardianships g
        WHERE g.school_id = $1 AND g.student_id = e.student_id AND g.access = 'full' AND lyceum.holds(g.starts_on, g.ends_on, day.date)
        """

    /// 1 when there is no such row, else 0.
    private static func isEmpty(_ rows: String) -> String {
        "SELECT CASE WHEN EXISTS (SELECT FROM \(rows)) THEN 0 ELSE 1 END"
    }
}
