import HTTP1
import Postgres
import Web

/// How an answer is kept: its key, who may see it, and which data it depends on.
package struct Keeping {
    let route: String
    let gate: KeptGate
    var values: [String?]
    let standing: Query

    /// - Parameters:
    ///   - route: the operation's name.
    ///   - gate: who may see the answer.
    ///   - values: the parameters that the answer depends on, except those in the gate.
    ///   - standing: a query made by `KeptAnswers.standing`; it is sent after the answer's own queries.
    package init(_ route: String, _ gate: KeptGate, _ values: [String?] = [], standing: Query) {
        self.route = route
        self.gate = gate
        self.values = values
        self.standing = standing
    }
}

extension KeptAnswers {
    /// A statement that returns what an answer depends on: its snapshot, its circles, and the time until which it can
    /// be true. It runs in the answer's own segment.
    ///
    /// - Parameters:
    ///   - circles: SQL that returns rows (circle, id), see the table `changes`. If it returns none, the answer is not
    ///     kept.
    ///   - until: SQL of the time at which the answer changes although nothing is written. The end of the school's day
    ///     is such a time for every answer.
    package static func standing(_ circles: String, until: String = "NULL") -> Statement {
        Statement(
            """
            SELECT pg_current_snapshot()::text AS snapshot, least(lyceum.end_of_today(), \(until))::text AS until,
                array_agg(c.circle)::text AS circles, array_agg(c.id)::text AS ids
            FROM (\(circles)) c (circle, id)
            """)
    }

    private static let question = Statement(
        """
        SELECT lyceum.is_still_true(
            $1, $2, $3::uuid, $4::uuid, $5::uuid, $6, $7::uuid, $8::boolean, $9::pg_snapshot, $10::timestamptz, $11::text[],
            $12::uuid[]
        ) AS answer
        """)

    fileprivate static func isStillTrue(_ answer: KeptAnswer, _ caller: Caller) -> Query {
        question(
            .integer(caller.school.id), .text(caller.school.timeZone), caller.person, .text(caller.client),
            .text(caller.client == nil ? nil : caller.session), .text(answer.key.gate.name),
            .text(answer.key.gate.subject), .boolean(caller.readsAll), .text(answer.snapshot), .text(answer.until),
            .text(answer.circles), .text(answer.ids))
    }
}

extension Answer {
    /// Like `tagged(for:)`, for an answer that may be kept.
    ///
    /// - Parameter keeping: nil if this caller's answer is not kept.
    package func tagged(for caller: Caller, _ keeping: Keeping?) async throws -> Response {
        guard let keeping else { return try await tagged(for: caller) }
        return try await kept(for: caller, keeping) { try tagged($0) }
    }

    /// Sends the kept answer if the database confirms, in a snapshot taken during this request, that the caller may see
    /// it and that nothing it depends on has changed. Otherwise makes the answer again and keeps it.
    ///
    /// - Parameter make: makes the response from the results; called after all gates were found open.
    func kept(
        for caller: Caller, _ keeping: Keeping, _ make: (Results) throws -> Response
    ) async throws -> Response {
        let store = caller.services.keptAnswers
        guard store.capacity > 0 else { return try make(try await read(for: caller)) }
        let generation = store.generation
        let key = KeptAnswerKey(
            route: keeping.route, school: caller.school.id, timeZone: caller.school.timeZone, gate: keeping.gate,
            values: keeping.values)
        // A caller who may not see the answer (any more) neither replaces nor drops it.
        var isForCaller = true
        if let answer = store.find(key) {
            let question = KeptAnswers.isStillTrue(answer, caller)
            if let proof = caller.services.settings.keptAnswerProof {
                try await prove(answer, question, proof, for: caller, make)
            }
            let isTrue = try await caller.services.lanes.ask(caller.scope, question).text(0, "answer")
            if isTrue == "t", generation == store.generation {
                store.use(answer)
                return answer.response
            }
            isForCaller = isTrue != nil
            if isForCaller { store.drop(answer) }
        }
        guard isForCaller else { return try make(try await read(for: caller)) }
        let results = try await caller.results(of: queries + [keeping.standing])
        try check(results)
        var response = try make(results)
        let standing = try results[keeping.standing]
        if let snapshot = standing.text(0, "snapshot"), let until = standing.text(0, "until"),
            let circles = standing.text(0, "circles"), let ids = standing.text(0, "ids")
        {
            response.compressed = CompressedForm()
            store.keep(
                KeptAnswer(key, response, snapshot: snapshot, until: until, circles: circles, ids: ids),
                generation: generation)
        }
        return response
    }

    /// Makes the answer again in the snapshot of the question, and reports whether it equals the kept one, if the
    /// question says that the kept one is still true.
    private func prove(
        _ answer: KeptAnswer, _ question: Query, _ proof: KeptAnswerProof, for caller: Caller,
        _ make: (Results) throws -> Response
    ) async throws {
        let results = try await caller.results(of: [question] + queries)
        guard try results[question].boolean(0, "answer") else { return }
        let fresh: Response?
        do {
            try check(results)
            fresh = try make(results)
        } catch is Problem {
            fresh = nil
        }
        let isEqual = fresh.map { equal($0, answer.response) } ?? false
        proof.compared(answer.key.route, isEqual: isEqual)
    }

    /// Compares weak tags if there are any, because such answers have fields that change independently of the rest.
    private func equal(_ fresh: Response, _ kept: Response) -> Bool {
        if let tag = fresh.entityTag, tag.isWeak { return tag == kept.entityTag }
        return fresh.body == kept.body
    }
}

/// For tests: is called for each kept answer that the database confirmed, with the result of comparing it to a new one.
package struct KeptAnswerProof: Sendable {
    let compared: @Sendable (_ route: String, _ isEqual: Bool) -> Void

    package init(_ compared: @escaping @Sendable (_ route: String, _ isEqual: Bool) -> Void) {
        self.compared = compared
    }

    fileprivate func compared(_ route: String, isEqual: Bool) { compared(route, isEqual) }
}
