/// The substitution of a lesson («замена»), as diary, journal and timetable show it: what was before. The lesson itself
/// has what is now.
enum LessonSubstitution {
    /// With `join`. A lesson that was made instead of another one names that lesson's subject.
    static let columns = """
        z.id AS "substitution?.id", z.kind AS "substitution?.kind", z.old_date AS "substitution?.old_date",
            z.old_slot AS "substitution?.old_slot",
            nullif(concat_ws(' ', zt.last_name, zt.first_name, zt.middle_name), '') AS "substitution?.old_teacher",
            zr.name AS "substitution?.old_room", zj.name AS "substitution?.other_subject"
        """

    /// - Parameter lesson: the row with `substitution_id`, `lesson_id` and `section_id`. `$1` is the school.
    static func join(_ lesson: String, id: String = "lesson_id") -> String {
        """
        LEFT JOIN substitutions z ON z.school_id = $1 AND z.id = \(lesson).substitution_id
        LEFT JOIN users zt ON zt.school_id = $1 AND zt.id = z.old_teacher_id
        LEFT JOIN rooms zr ON zr.school_id = $1 AND zr.id = z.old_room_id
        LEFT JOIN lessons zl ON zl.school_id = $1
            AND zl.id = CASE WHEN z.lesson_id = \(lesson).\(id) THEN z.other_lesson_id ELSE z.lesson_id END
        LEFT JOIN sections zs ON zs.school_id = $1 AND zs.id = zl.section_id
        LEFT JOIN subjects zj ON zj.school_id = $1 AND zj.id = zs.subject_id
        """
    }
}
