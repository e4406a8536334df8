/// The substitution of a lesson («замена»), as diary, journal and timetable show it: what was before. The lesson itself
/// has what is now.
enum LessonSubstitution {
    /// With `join`. A lesson that was made instead of another one names that lesson's subject.
    static let columns = """
        z.id AS "substitution?.id", z.kind AS "substitution?.kind", z.old_date AS "substitution?.old_date",
            z.old_slot AS "substitution?.old_slot", z.old_teacher AS "substitution?.old_teacher",
            z.old_room AS "substitution?.old_room", z.other_subject AS "substitution?.other_subject"
        """

    /// Few lessons have a substitution. OFFSET 0 keeps the look-up a look-up, and only those lessons pay for it: otherwise
    /// PostgreSQL could read the substitutions of the whole school.
    ///
    /// - Parameter lesson: the row with `substitution_id`, `lesson_id` and `section_id`. `$1` is the school.
    static func join(_ lesson: String, id: String = "lesson_id") -> String {
        """
        LEFT JOIN LATERAL (
            SELECT z.id, z.kind, z.old_date, z.old_slot,
                nullif(concat_ws(' ', t.last_name, t.first_name, t.middle_name), '') AS old_teacher, r.name AS old_room,
                j.name AS other_subject
            FROM substitutions z
            LEFT JOIN users t ON t.school_id = $1 AND t.id = z.old_teacher_id
            LEFT JOIN rooms r ON r.school_id = $1 AND r.id = z.old_room_id
            LEFT JOIN lessons o ON o.school_id = $1
                AND o.id = CASE WHEN z.lesson_id = \(lesson).\(id) THEN z.other_lesson_id ELSE z.lesson_id END
            LEFT JOIN sections s ON s.school_id = $1 AND s.id = o.section_id
            LEFT JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
            WHERE \(lesson).substitution_id IS NOT NULL AND z.school_id = $1 AND z.id = \(lesson).substitution_id
            OFFSET 0
        ) z ON true
        """
    }
}
