import Diary

/// Remarks about journals («замечание по журналу»): a head or deputy head asks for something to be mended in a section
/// by a day, a teacher of the section answers, and the remark is closed or opened again. All rules are triggers,
/// `Migrations/functions/journal/journal_remarks.sql`.
package enum JournalRemarks {
    package static let resource = Resource(
        path: "journal-remarks",
        noun: "JournalRemark",
        readers: readers,
        makers: .headsOfSchool,
        writers: readers,
        visibility: .init(sees: "lyceum.sees_remark(t.section_id)", keeps: "lyceum.keeps_remark(t.id)"),
        without: [.delete],
        fields: [
            ResourceField("section_id", .identifier).fixed,
            ResourceField("text", .text(maximum: 1000)),
            ResourceField("due_on", .date),
            ResourceField("state", .word(["open", "answered", "closed"])).initially("\"open\""),
            ResourceField("answer", .text(maximum: 1000)).nullable,
            ResourceField("author_id", .identifier).readOnly,
            ResourceField("created_at", .text(maximum: 40)).readOnly,
            ResourceField("answered_by", .identifier).nullable.readOnly,
            ResourceField("answered_at", .text(maximum: 40)).nullable.readOnly,
            ResourceField("closed_by", .identifier).nullable.readOnly,
            ResourceField("closed_at", .text(maximum: 40)).nullable.readOnly,
        ],
        filters: ["section_id", .init("teacher_id", on: leadTeacher)],
        order: ["due_on"],
        refusals: [
            "journal_remarks_due_on": .init(
                field: "due_on", code: "in_the_past", ru: "Этот день уже прошёл.", en: "The day has already passed."),
            "journal_remarks_answered": .init(
                field: "answer", code: "required", ru: "Ответ — словами.", en: "An answer needs words."),
        ])

    private static let readers = Access.roles([.head, .deputyHead, .teacher])

    private static let leadTeacher = """
        (
            SELECT v.teacher_id FROM section_teachers v
            WHERE v.school_id = t.school_id AND v.section_id = t.section_id AND v.role = 'lead'
                AND lyceum.holds(v.starts_on, v.ends_on, lyceum.today())
        )
        """
}
