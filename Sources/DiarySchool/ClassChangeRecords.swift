import Diary
import Postgres
import Web

/// The marks, attendance and feedback of the days that a backdated class change takes from the old class (L5). Each moves
/// to the lesson of the subject on the same day in the new class. If there is none, or if a rule of that lesson refuses
/// the record, it stays, and the change is refused.
enum ClassChangeRecords {
    /// `$1` is the school, `$2` the reason, `$3` whether the records move. A setting has the enrollment that ended.
    static let move = Statement(
        """
        SELECT r.date, r.what, r.section_id AS "from.section_id", r.name AS "from.section_name",
            r.lesson_id AS "from.lesson_id", r.to_section_id AS "to?.section_id", r.to_name AS "to?.section_name",
            r.to_lesson_id AS "to?.lesson_id", r.refusal
        FROM enrollments e
        CROSS JOIN LATERAL lyceum.move_records(e.student_id, e.class_id, \(Setting.from.required), $2::text) r
        WHERE e.school_id = $1 AND e.id = \(Setting.changed.value) AND $3::boolean
        """)

    /// The records that stay, for a problem.
    static func staying(_ moved: Rows) -> [Problem.Item] {
        (0..<moved.count).compactMap { row in
            guard let refusal = moved.text(row, "refusal") else { return nil }
            let place = "\(moved.text(row, "date") ?? ""), \(moved.text(row, "from.section_name") ?? "")"
            let rule = ProblemKind.all[refusal]?.detail
            var item = Problem.Item(
                pointer: "/starts_on", code: moved.text(row, "what") ?? "",
                detail: Text(
                    ru: "\(place): \(rule?.russian ?? "в новом классе в этот день нет урока этого предмета")",
                    en: "\(place): \(rule?.english ?? "the new class has no lesson of the subject on that day")"))
            item.members = [
                ("date", moved.text(row, "date") ?? ""), ("section_id", moved.text(row, "from.section_id") ?? ""),
                ("lesson_id", moved.text(row, "from.lesson_id") ?? ""), ("refusal", refusal),
            ]
            return item
        }
    }
}
