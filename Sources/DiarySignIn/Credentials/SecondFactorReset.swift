import Diary
import JSON
import Postgres
import Web

/// Removes another person's second factor when app and recovery codes are lost. Those who issue credentials to the
/// person may do it (A2), so for staff an administrator.
package enum SecondFactorReset {
    package static let routes: [Route<Access, Caller>] = [
        .delete("/v1/users/{user_id}/second-factor", "resetSecondFactor", access: .issuers.ownApps, reset)
    ]

    /// Ends the sessions; the password stays.
    @Sendable static func reset(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let person = try request.identifier("user_id")
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let reason = reader.reason()
        if reader.isMissing("reason") { reader.add("reason", .required) }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let ids: [Parameter] = [.integer(caller.school.id), .text(person)]
        try await caller.services.lanes.transaction(caller.scope) { transaction in
            try await Credentials.admit(caller, person, transaction)
            let rows = try await transaction.run([
                CodeIssue.because(.text(reason ?? "")), Query(statement: remove, parameters: ids),
                Query(statement: endSessions, parameters: ids),
            ])
            guard rows[1].affected == 1 else { throw Problem(.notFound) }
        }
        return .empty
    }

    private static let remove = Statement("DELETE FROM second_factors WHERE school_id = $1 AND user_id = $2::uuid")

    private static let endSessions = Statement(
        """
        UPDATE sessions SET ended_at = now(), end_reason = 'second factor reset'
        WHERE school_id = $1 AND user_id = $2::uuid AND ended_at IS NULL
        """)
}
