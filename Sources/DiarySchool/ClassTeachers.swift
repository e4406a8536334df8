import Diary

/// The teachers who lead a class, with dates; one at a time.
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
        ],
        order: ["starts_on"],
        refusals: ["class_teachers_dates": .endsBeforeStart, "class_teachers_one_at_a_time": .overlap])
}
