import Diary
import Postgres
import Web

/// Current marks that a student has brought from another school (M10), with the history of each (A5). The import
/// `finals` writes them; the journal shows them among the carried marks.
package enum TransferredMarks {
    package static let routes: [Route<Access, Caller>] = [
        .get(
            "/v1/students/{student_id}/transferred-marks", "listTransferredMarks", access: .readersOfMarks, list)
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.identifier("student_id")
        let school = Parameter.integer(caller.school.id)
        let statements = StudentGate.isDated(for: caller) ? seen : all
        return try await Answer {
            Gate(StudentGate.open(caller, id))
            List("items", statements.marks(school)) {
                List("history", statements.history(school))
            }
        }.tagged(for: caller)
    }

    private static let all = Statements(andSeen: "")
    private static let seen = Statements(andSeen: "AND r.date <@ \(StudentGate.days)")

    /// The statements after the gate.
    private struct Statements: Sendable {
        let marks: Statement
        let history: Statement

        /// - Parameter seen: an additional condition for callers who do not see all days.
        init(andSeen seen: String) {
            let ofStudent = """
                FROM transferred_marks r
                JOIN subjects j ON j.school_id = $1 AND j.id = r.subject_id
                """
            let visible =
                "WHERE r.school_id = $1 AND r.student_id = \(StudentGate.student) AND r.kind IS NOT NULL \(seen)"
            marks = Statement(
                """
                SELECT \(TransferredMarks.fields), j.id AS "subject.id", j.name AS "subject.name"
                \(ofStudent)
                \(visible)
                ORDER BY r.date DESC, r.id
                """)
            history = Statement(
                """
                SELECT r.id AS _parent, h.version, h.changed_at,
                    lyceum.mark_value(h.old_kind, h.old_number, h.old_code, NULL) AS "from",
                    lyceum.mark_value(h.new_kind, h.new_number, h.new_code, NULL) AS "to", h.new_weight AS weight
                FROM transferred_marks r
                JOIN transferred_mark_history h ON h.school_id = $1 AND h.transferred_mark_id = r.id
                \(visible)
                ORDER BY r.date DESC, r.id, h.version
                """)
        }
    }

    private static let fields = """
        r.id, r.date, r.work, lyceum.mark_value(r.kind, r.number, r.code, NULL) AS value, r.weight, r.school_name,
            r.academic_year_id, r.version
        """

    // MARK: Feeds

    static let changed = ChangedEntity(
        "transferred_marks", access: .readersOfJournals.programs(.journalRead), circles: ["journal", "diary"],
        rows: { caller, ids in
            some(.integer(caller.school.id), ids, .boolean(caller.readsAll), caller.person)
        },
        familyCircles: ["diary"],
        familyRows: { caller, ids in ofFamily(.integer(caller.school.id), ids) })

    /// M10: teachers of the subject read them, like a final mark.
    private static let some = Statement(
        """
        SELECT \(fields), r.student_id, r.subject_id
        FROM transferred_marks r
        WHERE r.school_id = $1 AND r.id = ANY ($2::uuid[]) AND r.kind IS NOT NULL
            AND (
                $3::boolean
                OR r.student_id = ANY ((SELECT lyceum.led_ids($1, $4::uuid, true))::uuid[])
                OR EXISTS (
                    SELECT
                    FROM group_members m
                    JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
                        AND s.subject_id = r.subject_id AND s.academic_year_id = r.academic_year_id
                    WHERE m.school_id = $1 AND m.student_id = r.student_id
                        AND lyceum.reads_section($1, $4::uuid, s.id)
                )
            )
        """)

    private static let ofFamily = Statement(
        """
        SELECT \(fields), j.id AS "subject.id", j.name AS "subject.name"
        FROM transferred_marks r
        JOIN subjects j ON j.school_id = $1 AND j.id = r.subject_id
        WHERE r.school_id = $1 AND r.id = ANY ($2::uuid[]) AND r.student_id = \(StudentGate.student)
            AND r.kind IS NOT NULL
        """)
}
