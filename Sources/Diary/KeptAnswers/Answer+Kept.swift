import HTTP1
import Postgres
import Web

/// How an answer is kept: which one it is, who may see it, and what it stands on.
package struct Keeping {
    let route: String
    let gate: KeptGate
    var values: [String?]
    let standing: Query

    /// - Parameters:
    ///   - route: the operation's name.
    ///   - gate: who may see it.
    ///   - values: the parameters that make another answer of it; not those that the gate has.
    ///   - standing: what the answer stands on, see `KeptAnswers.standing`. Sent behind the answer's own queries.
    package init(_ route: String, _ gate: KeptGate, _ values: [String?] = [], standing: Query) {
        self.route = route
        self.gate = gate
        self.values = values
        self.standing = standing
    }
}

extension KeptAnswers {
    /// The statement that says what an answer stands on, in the answer's own snapshot.
    ///
    /// - Parameters:
    ///   - circles: SQL of rows (circle, id), see the table `changes`; without a row the answer is not kept.
    ///   - until: SQL of a moment at which the answer changes by itself; the end of the school's day counts anyway.
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
    /// As `tagged`, of an answer that may be kept.
    ///
    /// - Parameter keeping: nil where this caller's answer is not kept.
    package func tagged(for caller: Caller, _ keeping: Keeping?) async throws -> Response {
        guard let keeping else { return try await tagged(for: caller) }
        return try await kept(for: caller, keeping) { try tagged($0) }
    }

    /// An answer that was made before goes out again when the database says, in a snapshot of this request, that the caller may
    /// see it and that nothing it stands on has changed. Otherwise it is made anew.
    ///
    /// - Parameter make: makes the response of what the queries answered, when the gates are open.
    func kept(
        for caller: Caller, _ keeping: Keeping, _ make: (Results) throws -> Response
    ) async throws -> Response {
        let store = caller.services.keptAnswers
        guard store.capacity > 0 else { return try make(try await read(for: caller)) }
        let generation = store.generation
        let key = KeptAnswerKey(
            route: keeping.route, school: caller.school.id, timeZone: caller.school.timeZone, gate: keeping.gate,
            values: keeping.values)
        let found = store.find(key)
        if let answer = found {
            let question = KeptAnswers.isStillTrue(answer, caller)
            if let proof = caller.services.settings.keptAnswerProof {
                try await prove(answer, question, proof, for: caller, make)
            }
            let isTrue = try await caller.services.lanes.ask(caller.scope, question).boolean(0, "answer")
            if isTrue, generation == store.generation {
                store.use(answer)
                return answer.response
            }
        }
        let results = try await caller.results(of: queries + [keeping.standing])
        // Behind a closed gate the answer may still be true, for others.
        try check(results)
        if let found { store.drop(found) }
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

    /// Makes the answer anew beside the question, in one snapshot, and tells when it differs from the kept one although the
    /// question says that it is still true.
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

    /// By the tag where it leaves out fields that change without the rest.
    private func equal(_ fresh: Response, _ kept: Response) -> Bool {
        if let tag = fresh.entityTag, tag.isWeak { return tag == kept.entityTag }
        return fresh.body == kept.body
    }
}

/// For tests: hears of each kept answer that was made anew beside its question, and whether both were the same.
package struct KeptAnswerProof: Sendable {
    let compared: @Sendable (_ route: String, _ isEqual: Bool) -> Void

    package init(_ compared: @escaping @Sendable (_ route: String, _ isEqual: Bool) -> Void) {
        self.compared = compared
    }

    fileprivate func compared(_ route: String, isEqual: Bool) { compared(route, isEqual) }
}
