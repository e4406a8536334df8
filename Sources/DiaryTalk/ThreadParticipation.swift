import Diary
import JSON
import Postgres
import Web

/// What a participant does with a thread apart from writing: says until where it was read (C2), mutes it, leaves it.
package enum ThreadParticipation {
    package static let routes: [Route<Access, Caller>] = [
        .put("/v1/threads/{thread_id}/receipt", "readThread", access: .signedIn, read),
        .put("/v1/threads/{thread_id}/mute", "muteThread", access: .signedIn, mute),
        .delete("/v1/threads/{thread_id}/mute", "unmuteThread", access: .signedIn, unmute),
        .delete("/v1/threads/{thread_id}/participation", "leaveThread", access: .signedIn, leave),
    ]

    @Sendable static func read(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let thread = try request.identifier("thread_id")
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let sequence = reader.integer("sequence", in: 1...Int(Int32.max)).value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let receipt = receipt(.text(thread), .integer(sequence))
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [receipt])
        try results.check(["thread_receipts_sequence": Self.unknownSequence])
        guard try results[receipt].boolean(0, "done") else { throw Problem(.notFound) }
        return .empty
    }

    private static let unknownSequence = Refusal(
        field: "sequence", code: "unknown_reference", ru: "Такого номера в переписке нет.",
        en: "The thread has no such number.")

    @Sendable static func mute(_ request: Request, _ caller: Caller) async throws -> Response {
        try await setMuted(true, request, caller)
    }

    @Sendable static func unmute(_ request: Request, _ caller: Caller) async throws -> Response {
        try await setMuted(false, request, caller)
    }

    private static func setMuted(_ isMuted: Bool, _ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        return try await done(muting(.text(try request.identifier("thread_id")), .boolean(isMuted)), caller)
    }

    /// Only threads between at least three colleagues can be left.
    @Sendable static func leave(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        return try await done(leaving(.text(try request.identifier("thread_id"))), caller)
    }

    private static func done(_ query: Query, _ caller: Caller) async throws -> Response {
        guard try await caller.services.lanes.write(caller.scope, [query])[0].boolean(0, "done") else {
            throw Problem(.notFound)
        }
        return .empty
    }

    private static let receipt = Statement("SELECT lyceum.read_thread($1::uuid, $2::int) AS done")
    private static let muting = Statement("SELECT lyceum.mute_thread($1::uuid, $2::boolean) AS done")
    private static let leaving = Statement("SELECT lyceum.leave_thread($1::uuid) AS done")
}
