import Diary

/// In which class a pupil stands, and when: to arrive is a new one, to leave is its end, to change class is both.
package enum Enrollments {
    package static let resource = Resource(
        path: "enrollments",
        noun: "Enrollment",
        readers: .managers.programs(.peopleRead),
        fields: [
            ResourceField("student_id", .identifier).fixed,
            ResourceField("class_id", .identifier).fixed,
            ResourceField("starts_on", .date),
            ResourceField("ends_on", .date).nullable,
            ResourceField("in_class_group", .boolean).initially("true"),
            ResourceField("reason", .text(maximum: 500)).nullable,
            ResourceField("end_reason", .text(maximum: 500)).nullable,
            .externalID,
        ],
        filters: ["student_id", "class_id"],
        order: ["starts_on"],
        refusals: ["enrollments_dates": .endsBeforeStart, "enrollments_no_overlap": .overlap])
}
