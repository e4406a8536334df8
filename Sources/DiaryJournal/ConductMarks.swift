import Diary

/// Marks for a student's conduct in a term (M14), where the school gives them. The class teacher gives them; the family
/// reads them here and with the final marks.
package enum ConductMarks {
    package static let resource = Resource(
        path: "students/{student_id}/conduct-marks",
        table: "conduct_marks",
        noun: "ConductMark",
        parent: .init(column: "student_id", table: "students"),
        readers: .readersOfMarks,
        writers: .roles([.classTeacher]),
        visibility: .init(
            sees: seen("t.student_id"), keeps: "lyceum.leads_student(t.student_id)", seesParent: seen("p.id")),
        fields: [
            ResourceField("term_id", .identifier).fixed,
            ResourceField("level", .integer(1...5)),
            ResourceField("scale", .word(["pass", "three", "five"])).readOnly,
            ResourceField("comment", .text(maximum: 500)).nullable,
        ],
        order: ["term_id"],
        refusals: ["conduct_marks_student_id_key": .taken("term_id")])

    static let changed = resource.changed(in: ["diary"], families: ["diary"])

    private static func seen(_ student: String) -> String {
        """
        (
            lyceum.has_role('head', 'deputy_head') OR lyceum.leads_student(\(student))
            OR lyceum.sees_student(lyceum.current_school(), lyceum.current_user_id(), \(student))
        )
        """
    }
}
