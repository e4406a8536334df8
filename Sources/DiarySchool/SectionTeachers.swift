import Diary

/// The teachers of a section, with dates (A4); one lead teacher at a time.
package enum SectionTeachers {
    package static let resource = Resource(
        path: "sections/{section_id}/teachers",
        table: "section_teachers",
        noun: "SectionTeacher",
        parent: .init(column: "section_id", table: "sections"),
        readers: .setUpOfStaff,
        fields: [
            ResourceField("teacher_id", .identifier).fixed,
            ResourceField("role", .word(["lead", "co"])).initially("\"lead\""),
            ResourceField("starts_on", .date),
            ResourceField("ends_on", .date).nullable,
        ],
        filters: ["teacher_id"],
        order: ["starts_on"],
        refusals: [
            "section_teachers_dates": .endsBeforeStart, "section_teachers_no_overlap": .overlap,
            "section_teachers_one_lead": .overlap,
        ])
}
