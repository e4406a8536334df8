import Diary

/// The teachers who lead a class, with dates; one at a time, and besides at most one who acts for some days: during an
/// illness, for example, while the class teacher stays appointed.
package enum ClassTeachers {
    package static let resource = Resource(
        path: "classes/{class_id}/teachers",
        table: "class_teachers",
        noun: "ClassTeacher",
        parent: .init(column: "class_id", table: "classes"),
        readers: .setUpOfStaff,
        writers: .appointers,
        fields: [
            ResourceField("teacher_id", .identifier).fixed,
            ResourceField("starts_on", .date),
            ResourceField("ends_on", .date).nullable,
            ResourceField("acting", .boolean).initially("false").fixed,
        ],
        order: ["starts_on"],
        refusals: [
            "class_teachers_dates": .endsBeforeStart, "class_teachers_one_at_a_time": .overlap,
            "class_teachers_acting": .init(
                field: "ends_on", code: "required", ru: "Замещают классного руководителя до определённого дня.",
                en: "Who acts as class teacher does so until a certain day."),
        ])
}
