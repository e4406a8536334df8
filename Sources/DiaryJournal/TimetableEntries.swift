import Diary

/// The weekly timetable: a section on a weekday and slot, for a range of dates. Lessons are created from it (L2).
package enum TimetableEntries {
    package static let resource = Resource(
        path: "timetable/entries",
        table: "timetable_entries",
        noun: "TimetableEntry",
        plural: "TimetableEntries",
        readers: .setUpOfStaff,
        fields: [
            ResourceField("section_id", .identifier).fixed,
            ResourceField("bell_schedule_id", .identifier),
            ResourceField("weekday", .integer(1...7)),
            ResourceField("slot", .integer(0...15)),
            ResourceField("week", .word(["every", "odd", "even"])).initially("\"every\""),
            ResourceField("room_id", .identifier).nullable,
            ResourceField("teacher_id", .identifier).nullable,
            ResourceField("starts_on", .date),
            ResourceField("ends_on", .date).nullable,
            .externalID,
        ],
        filters: ["section_id", "room_id", "teacher_id"],
        order: ["weekday", "slot"],
        refusals: [
            "timetable_entries_dates": .endsBeforeStart, "timetable_entries_no_overlap": .overlap,
            "timetable_entries_in_year_starts_on": outsideYear("starts_on"),
            "timetable_entries_in_year_ends_on": outsideYear("ends_on"),
        ])

    private static func outsideYear(_ field: String) -> Refusal {
        Refusal(
            field: field, code: "outside_year", ru: "День вне учебного года журнала.",
            en: "The day is outside the academic year of the section.")
    }
}
