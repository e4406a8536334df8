import Diary

/// Notes about absences (T2): from guardians, for their own children and also for days to come, and on paper, from the
/// class teacher. The class teacher answers; an accepted note is the class teacher's word for its days. All rules are
/// triggers, `Migrations/functions/journal/attendance_days.sql`.
package enum AbsenceNotes {
    package static let resource = Resource(
        path: "absence-notes",
        noun: "AbsenceNote",
        readers: .readersOfAttendance,
        writers: .roles([.guardian, .classTeacher]),
        visibility: .init(
            sees: """
                lyceum.has_role('head', 'deputy_head') OR lyceum.leads_student(t.student_id)
                    OR lyceum.sees_student(t.school_id, lyceum.current_user_id(), t.student_id)
                """, keeps: "lyceum.keeps_absence_note(t.id)"),
        fields: [
            ResourceField("student_id", .identifier).fixed,
            ResourceField("starts_on", .date),
            ResourceField("ends_on", .date),
            ResourceField("reason", .text(maximum: 1000)),
            ResourceField("document", .text(maximum: 500)).nullable,
            ResourceField("state", .word(["sent", "accepted", "declined"])).initially("\"sent\""),
            ResourceField("meaning", .word(["ill", "excused", "unexcused"])).nullable,
            ResourceField("answer", .text(maximum: 1000)).nullable,
            ResourceField("by_family", .boolean).readOnly,
            // A3: the other guardians of the child learn what is written, and not by whom.
            ResourceField("author_id", .identifier).readOnly.selected(
                as: """
                    CASE
                        WHEN t.author_id = lyceum.current_user_id() OR lyceum.leads_student(t.student_id)
                            OR lyceum.has_role('head', 'deputy_head')
                        THEN t.author_id
                    END
                    """),
            ResourceField("created_at", .text(maximum: 40)).readOnly,
            ResourceField("answered_at", .text(maximum: 40)).nullable.readOnly,
        ],
        filters: ["student_id"],
        order: ["starts_on"],
        refusals: [
            "absence_notes_dates": .endsBeforeStart,
            "absence_notes_length": .init(
                field: "ends_on", code: "too_long", ru: "Записка — не больше чем на год.",
                en: "A note covers at most a year."),
            "absence_notes_enrolled": .init(
                field: "starts_on", code: "not_enrolled", ru: "В эти дни ребёнок не учится ни в одном классе.",
                en: "The student is in no class on these days."),
            "absence_notes_accepted": .init(
                field: "meaning", code: "only_when_accepted", ru: "Значение — только у принятой записки.",
                en: "Only an accepted note has a meaning."),
        ])
}

extension Access {
    /// People who read the absences of students: the family, the class teacher, heads and deputy heads.
    package static let readersOfAttendance = Access.roles([.head, .deputyHead, .classTeacher, .guardian, .student])
}
