import Diary
import HTTP1
import JSON
import Postgres
import Web

/// The caller's own second factor (staff only): its state, set-up, new recovery codes, removal.
package enum MySecondFactor {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/me/second-factor", "getMySecondFactor", access: .staff.ownApps, show),
        .post("/v1/me/second-factor", "beginMySecondFactor", access: .staff.ownApps, begin),
        .delete("/v1/me/second-factor", "removeMySecondFactor", access: .staff.ownApps, remove),
        .put("/v1/me/second-factor/confirmation", "confirmMySecondFactor", access: .staff.ownApps, confirm),
        .post("/v1/me/second-factor/recovery-codes", "renewMyRecoveryCodes", access: .staff.ownApps, renew),
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let rows = try await caller.read(state(.integer(caller.school.id), .text(caller.user)))[0]
        return .json(.object(rows))
    }

    /// Requires the password: somebody at an unlocked computer must not bind the account to their own phone.
    @Sendable static func begin(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let proof = try Proof(try await request.json(), takesCode: false)
        let changedAt = try await OwnPassword.verify(proof.password!, request, caller)
        guard let setUp = try await caller.secondFactor.begin(passwordChangedAt: changedAt) else {
            throw Problem(.forbidden)
        }
        return setUp.response
    }

    @Sendable static func confirm(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let code = reader.secondFactorCode()
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        guard let codes = try await caller.secondFactor.confirm(code, on: .session(caller.session)) else {
            throw Problem.wrongCode
        }
        return .recoveryCodes(codes)
    }

    @Sendable static func renew(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        try await prove(try Proof(try await request.json()), request, caller)
        guard let codes = try await caller.secondFactor.renewRecoveryCodes() else { throw Problem(.notFound) }
        return .recoveryCodes(codes, status: .created)
    }

    @Sendable static func remove(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        try await prove(try Proof(try await request.json()), request, caller)
        guard try await caller.secondFactor.remove() else { throw Problem(.notFound) }
        return .empty
    }

    /// Required because a token alone may be stolen.
    private static func prove(_ proof: Proof, _ request: Request, _ caller: Caller) async throws {
        if let password = proof.password {
            _ = try await OwnPassword.verify(password, request, caller)
        } else if let code = proof.code {
            guard try await caller.secondFactor.accept(code) else { throw Problem.wrongCode }
        }
    }

    private static let state = Statement(
        """
        SELECT CASE WHEN f.confirmed_at IS NOT NULL THEN 'on' WHEN f.user_id IS NOT NULL THEN 'pending' ELSE 'off' END
                AS state,
            coalesce(t.second_factor_required, false) AS required, f.confirmed_at,
            (
                SELECT count(*) FROM recovery_codes c
                WHERE c.school_id = $1 AND c.user_id = $2::uuid AND c.used_at IS NULL
            ) AS recovery_codes_left
        FROM schools s
        LEFT JOIN school_settings t ON t.school_id = s.id
        LEFT JOIN second_factors f ON f.school_id = s.id AND f.user_id = $2::uuid
        WHERE s.id = $1
        """)
}

/// Proof of the person's identity: exactly one of the two.
private struct Proof {
    let password: String?
    let code: String?

    init(_ body: JSONValue, takesCode: Bool = true) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        password =
            reader.string("password", takesCode ? .optional : .required, minimumLength: 1, maximumLength: 200).value
        code = takesCode && !reader.isMissing("code") ? reader.secondFactorCode() : nil
        if takesCode {
            let isWithoutCode = reader.isMissing("code")
            if reader.isMissing("password"), isWithoutCode { reader.add("password", .required) }
            if !reader.isMissing("password"), !isWithoutCode {
                problems.add(FieldProblem(JSONPointer("code"), "exclusive"))
            }
        }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
    }
}

extension ObjectReader {
    /// A code of the authenticator app or a recovery code, as typed.
    mutating func secondFactorCode(_ presence: Presence = .required) -> String {
        string("code", presence, minimumLength: 1, maximumLength: 64).value ?? ""
    }
}

extension Caller {
    var secondFactor: SecondFactor { SecondFactor(services, scope, user: user) }
}

extension Response {
    /// The codes are shown only this once.
    static func recoveryCodes(_ codes: [String], status: Status = .ok) -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("recovery_codes")
        writer.beginArray()
        for code in codes { writer.string(code) }
        writer.endArray()
        writer.endObject()
        return .json(writer, status: status)
    }
}

extension SecondFactor.SetUp {
    var response: Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("secret")
        writer.string(secret)
        writer.key("uri")
        writer.string(uri)
        writer.endObject()
        return .json(writer, status: .created)
    }
}

extension Problem {
    fileprivate static let wrongCode = Problem(
        .wrongCode, items: [.init(pointer: "/code", code: "wrong_code", detail: ProblemKind.wrongCode.detail)])
}
