import Diary
import Postgres
import Web

/// Contacts with families outside the system: calls, meetings, slips of paper (S5.3). The class teacher of today, also
/// one who acts for another, heads and deputy heads record them; only the author corrects one. A guardian sees the
/// contacts with this guardian (A3). All rules are triggers, `Migrations/functions/talk/contacts.sql`.
package enum Contacts {
    package static let resource = Resource(
        path: "contacts",
        noun: "Contact",
        readers: .roles([.head, .deputyHead, .classTeacher, .guardian]),
        writers: .informers,
        visibility: .init(
            sees: "lyceum.sees_contact(t.student_id, t.guardian_id, t.author_id)", keeps: "lyceum.keeps_contact(t.id)"),
        fields: [
            ResourceField("student_id", .identifier).fixed,
            ResourceField("guardian_id", .identifier).nullable,
            ResourceField("date", .date),
            ResourceField("means", .word(["phone", "meeting", "slip", "letter", "other"])),
            ResourceField("outcome", .word(["reached", "not_reached"])),
            ResourceField("text", .text(maximum: 2000)).nullable,
            ResourceField("entity", .word(["notifications", "announcements"])).nullable,
            ResourceField("entity_id", .identifier).nullable,
            ResourceField("author_id", .identifier).readOnly,
            ResourceField("created_at", .text(maximum: 40)).readOnly,
        ],
        filters: ["student_id", .init("class_id", on: presentClass)],
        order: ["date"],
        refusals: [
            "contacts_date": .init(
                field: "date", code: "in_the_future", ru: "Этот день ещё не наступил.", en: "The date is in the future."
            ),
            "contacts_subject": .init(
                field: "text", code: "required",
                ru: "Напишите, о чём шла речь, или назовите уведомление или объявление.",
                en: "Say what it was about, or name a notification or an announcement."),
            "contacts_entity_id": .init(
                field: "entity_id", code: "incomplete", ru: "entity и entity_id передают вместе.",
                en: "Give both entity and entity_id."),
            "contacts_about": .unknown("entity_id"),
        ])

    /// The class teacher gets them with the other data of the student. Families have no feed of contacts.
    static let changed = resource.changed(in: ["student"])

    private static let presentClass = """
        (
            SELECT e.class_id FROM enrollments e
            WHERE e.school_id = t.school_id AND e.student_id = t.student_id
                AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        )
        """

    // MARK: History (A5)

    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/contacts/{contact_id}/history", "listContactHistory", access: .informers, history)
    ]

    /// Who recorded and corrected the contact, newest first.
    @Sendable static func history(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.largeInteger])
        try query.finish()
        let contact: [Parameter] = [.integer(caller.school.id), .text(try request.identifier("contact_id"))]
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: visible, parameters: contact),
            Query(statement: versions, parameters: contact + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"], total: Query(statement: total, parameters: contact + [.boolean(page.wantsTotal)]))
    }

    private static let visible = Statement(
        """
        SELECT t.id FROM contacts t
        WHERE t.school_id = $1 AND t.id = $2::uuid AND lyceum.sees_contact(t.student_id, t.guardian_id, t.author_id)
        """)

    private static let ofContact = """
        FROM audit_log a
        WHERE a.school_id = $1 AND a.entity = 'contacts' AND a.entity_id = $2::uuid
            AND EXISTS (
                SELECT FROM contacts t
                WHERE t.school_id = $1 AND t.id = $2::uuid
                    AND lyceum.sees_contact(t.student_id, t.guardian_id, t.author_id)
            )
        """

    private static let versions = Statement(
        """
        SELECT a.id, a.action, a.before, a.after, \(SharedSQL.person("u", as: "changed_by?")), a.changed_at
        FROM (
            SELECT a.* \(ofContact) AND ($3::bigint IS NULL OR a.id < $3::bigint) ORDER BY a.id DESC LIMIT $4::int
        ) a
        LEFT JOIN users u ON u.school_id = a.school_id AND u.id = a.changed_by
        ORDER BY a.id DESC
        """)

    private static let total = Statement(
        "SELECT CASE WHEN $3::boolean THEN (SELECT count(*) \(ofContact)) END AS total")
}

extension Access {
    /// S5.3: those who inform families and prove it.
    static let informers = Access.roles([.head, .deputyHead, .classTeacher])
}
