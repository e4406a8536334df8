import Diary
import Postgres
import Web

/// The families of a class that nobody reaches in the system, with telephone numbers: the class teacher's call list
/// (S5.3). At first most families have no account.
package enum UnreachedFamilies {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/classes/{class_id}/unreached", "listUnreached", access: .informers, list)
    ]

    /// Telephone numbers are a part of the profiles of guardians. The reading is recorded unless the class teacher reads
    /// (K2).
    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let notification = query.identifier("notification_id")
        let announcement = query.identifier("announcement_id")
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let schoolClass = ClassGate.open(caller, try request.identifier("class_id"))
        return try await Answer(capacity: 16 * 1024) {
            Gate(schoolClass)
            Object("class", schoolClass)
            Fields(unreached(school, .text(notification), .text(announcement)))
            List("students", students(school, .text(notification), .text(announcement))) {
                List("guardians", guardians(school))
                List("waiting", waiting(school))
            }
            Silent(record())
        }.plain(for: caller, isRecorded: caller.readsAll).response
    }

    private static let listed = Setting.unreachedStudents.value

    private static func families(of students: String) -> String {
        "lyceum.unreached($1, \(students), $2::uuid, $3::uuid)"
    }

    /// Where codes for the class are issued (A2), and the students of the list, for the statements that follow.
    private static let unreached = Statement(
        """
        SELECT '/v1/classes/' || \(ClassGate.schoolClass) || '/credentials' AS credentials,
            \(Setting.unreachedStudents.set(
            to: """
                ARRAY(
                    SELECT p.id
                    FROM unnest(\(ClassGate.students)) WITH ORDINALITY p (id, number)
                    JOIN \(families(of: ClassGate.students)) f ON f.student_id = p.id
                    ORDER BY p.number
                )
                """)) AS _students
        """)

    private static let students = Statement(
        """
        SELECT u.id, u.last_name, u.first_name, u.middle_name, f.reason, f.since,
            c.id AS "last_contact?.id", c.date AS "last_contact?.date", c.means AS "last_contact?.means",
            c.outcome AS "last_contact?.outcome", c.author_id AS "last_contact?.author_id"
        FROM unnest(\(listed)) WITH ORDINALITY p (id, number)
        JOIN users u ON u.school_id = $1 AND u.id = p.id
        JOIN \(families(of: listed)) f ON f.student_id = p.id
        LEFT JOIN LATERAL (
            SELECT c.* FROM contacts c
            WHERE c.school_id = $1 AND c.student_id = p.id
                AND lyceum.sees_contact(c.student_id, c.guardian_id, c.author_id)
            ORDER BY c.date DESC, c.created_at DESC, c.id DESC
            LIMIT 1
        ) c ON true
        ORDER BY p.number
        """)

    /// A3: nobody looks up the other guardian of an own child at work.
    private static let guardians = Statement(
        """
        SELECT p.id AS _parent, u.id, u.last_name, u.first_name, u.middle_name, g.relation, d.phone,
            to_json(d.other_phones) AS other_phones, u.state
        FROM unnest(\(listed)) WITH ORDINALITY p (id, number)
        JOIN guardianships g ON g.school_id = $1 AND g.student_id = p.id AND g.access = 'full'
            AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
        JOIN guardians d ON d.school_id = $1 AND d.id = g.guardian_id
        JOIN users u ON u.school_id = $1 AND u.id = g.guardian_id
        WHERE NOT lyceum.is_own_family($1, lyceum.current_user_id(), p.id)
        ORDER BY p.number, g.starts_on, u.last_name, u.first_name, u.id
        """)

    private static let waiting = Statement(
        """
        SELECT p.id AS _parent, w.notification_id, w.kind, w.entity, w.entity_id, w.is_urgent, w.waits_since
        FROM unnest(\(listed)) WITH ORDINALITY p (id, number)
        JOIN lyceum.waiting_for_families($1, \(listed)) w ON w.student_id = p.id
        ORDER BY p.number, w.waits_since, w.entity_id
        """)

    private static let record = Statement("SELECT lyceum.record_call_list(\(listed))")
}

extension Setting {
    fileprivate static let unreachedStudents = Setting("unreached_students", .uuids)
}
