import Diary

/// The membership of a student in a class, with dates. A new student gets an enrollment, a leaving student's enrollment
/// ends, a change of class does both.
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
            ResourceField("order_id", .identifier).nullable,
            ResourceField("end_order_id", .identifier).nullable,
            .externalID,
        ],
        filters: ["student_id", "class_id"],
        order: ["starts_on"],
        refusals: [
            "enrollments_dates": .endsBeforeStart, "enrollments_no_overlap": .overlap,
            "enrollments_end_order_id": .init(
                field: "end_order_id", code: "without_end", ru: "Приказ о выбытии указывают вместе с последним днём.",
                en: "An order about the end needs the last day (ends_on)."),
        ])
}
