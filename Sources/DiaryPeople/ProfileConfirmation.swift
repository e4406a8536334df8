import Diary
import JSON
import Postgres
import Web

/// A guardian confirms, once in an academic year, that the profile of a child is right. The audit log names who did (A5).
package enum ProfileConfirmation {
    package static let routes: [Route<Access, Caller>] = [
        .put(
            "/v1/students/{student_id}/profile-confirmation", "confirmProfile", access: .roles([.guardian]), confirm)
    ]

    @Sendable static func confirm(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let student = try request.identifier("student_id")
        let day = try await caller.services.lanes.write(caller.scope, [confirmed(.text(student))])[0].text(
            0, "confirmed_on")
        guard let day else { throw Problem(.notFound) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("student_id")
        writer.string(student)
        writer.key("confirmed_on")
        writer.string(day)
        writer.endObject()
        return .json(writer)
    }

    private static let confirmed = Statement("SELECT lyceum.confirm_profile($1::uuid)::text AS confirmed_on")
}
