import Diary

/// Marks for conduct (M14), where the school gives them: of a student in a term, by the class teacher. Families read
/// them with the final marks.
package enum ConductMarks {
    package static let resource = Resource(
        path: "conduct-marks",
        noun: "ConductMark",
        readers: .roles([.head, .deputyHead, .classTeacher]),
        writers: .roles([.classTeacher]),
        visibility: .init(
            sees: "lyceum.has_role('head', 'deputy_head') OR lyceum.leads_student(t.student_id)",
            keeps: "lyceum.leads_student(t.student_id)"),
        fields: [
            ResourceField("student_id", .identifier).fixed,
            ResourceField("term_id", .identifier).fixed,
            ResourceField("level", .integer(1...5)),
            ResourceField("scale", .word(["pass", "three", "five"])).readOnly,
            ResourceField("comment", .text(maximum: 500)).nullable,
        ],
        filters: ["student_id", "term_id"],
        order: ["term_id"],
        refusals: ["conduct_marks_student_id_key": .taken("student_id")])

    static let changed = resource.changed(in: ["diary"], families: ["diary"])
}
