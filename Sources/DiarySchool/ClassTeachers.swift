import Diary

/// Who leads a class, and when; one at a time.
package enum ClassTeachers {
    package static let resource = SchoolResource(
        "classes/{class_id}/teachers", table: "class_teachers", noun: "ClassTeacher", parent: ("class_id", "classes"),
        [
            ResourceField("teacher_id", .identifier).fixed,
            ResourceField("starts_on", .date),
            ResourceField("ends_on", .date).nullable,
        ],
        order: ["starts_on"],
        readers: .setUpOfStaff,
        refusals: ["class_teachers_dates": .endsBeforeStart, "class_teachers_one_at_a_time": .overlap])
}
