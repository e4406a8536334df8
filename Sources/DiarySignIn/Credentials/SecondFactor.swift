import Crypto
import Diary
import Postgres
import Web

/// A person's second factor: an authenticator app (RFC 6238), and ten recovery codes for when it is lost. Staff only.
///
/// Its secret is read again at each sign-in, so it is sealed and not hashed (docs/decisions/0022).
struct SecondFactor {
    /// What a person sees of it.
    struct Standing {
        /// Confirmed: asked for at sign-in.
        let isSet: Bool
        /// The school asks for one, and there is none.
        let isLacking: Bool
    }

    /// What the app is told, once.
    struct SetUp {
        let secret: String
        let uri: String
    }

    /// On the strength of what somebody sets it up.
    enum Ground {
        /// A session, which goes on.
        case session(String)
        case ticket(EnrolmentTicket)
    }

    private let services: Services
    private let scope: Scope
    private let user: String

    /// - Parameter scope: in the name of the person.
    init(_ services: Services, _ scope: Scope, user: String) {
        self.services = services
        self.scope = scope
        self.user = user
    }

    private var school: Parameter { .integer(scope.school) }
    private var person: Parameter { .text(user) }
    /// What the secret is sealed for.
    private var context: String { "second factor \(scope.school) \(user)" }

    func standing() async throws -> Standing {
        Standing(try await services.lanes.read(scope, [Self.standing(school, person)])[0])
    }

    // MARK: Codes

    /// Whether this is a code of the app that was not used yet, or an unused recovery code; it is spent then.
    ///
    /// Each try is counted before it is looked at, whichever address it comes from: whoever has found out the password has
    /// ten in 15 minutes.
    ///
    /// - Throws: `too_many_attempts`; `second_factor_unavailable`.
    func accept(_ typed: String) async throws -> Bool {
        let rows = try await services.lanes.write(scope, [Self.count(school, person)])[0]
        guard !rows.isEmpty, let sealed = rows.text(0, "secret") else { return false }
        if let seconds = rows.integer(0, "locked") { throw Lockout.secondFactor.problem(seconds: seconds) }
        if let code = RecoveryCode(typed) {
            let hash = try code.hash(school: scope.school, user: user)
            return try await !services.lanes.write(scope, [Self.use(school, person, .bytes(hash))])[0].isEmpty
        }
        let (secret, isOld) = try open(sealed)
        guard let step = try step(of: typed, secret, after: rows.integer(0, "last_step")) else { return false }
        let renewed = isOld ? try sealingKeys().seal(secret, for: context) : nil
        let spent = try await services.lanes.write(
            scope, [Self.spend(school, person, .text(sealed), .integer(step), .text(renewed))])[0]
        return spent.affected == 1
    }

    private func step(of typed: String, _ secret: [UInt8], after last: Int?) throws -> Int? {
        // Apps show it in two groups.
        let code = typed.filter { $0 != " " && $0 != "\u{A0}" }
        return try OneTimePassword(secret: secret).step(of: code, at: services.settings.now(), after: last)
    }

    // MARK: Setting it up

    /// A new secret, which nothing asks for until it is confirmed; one that was not confirmed is replaced.
    ///
    /// - Parameter passwordChangedAt: when the password was set that the person has shown.
    /// - Returns: nil for who is not of the staff, not active, or has another password by now.
    /// - Throws: `second_factor_set`; `second_factor_unavailable`.
    func begin(passwordChangedAt: String?) async throws -> SetUp? {
        let secret = Random.bytes(OneTimePassword.secretCount)
        let sealed = try sealingKeys().seal(secret, for: context)
        let rows = try await services.lanes.write(
            scope,
            [
                Self.begin(school, person, .text(sealed), .text(passwordChangedAt)), Self.standing(school, person),
                Self.names(school, person),
            ])
        guard rows[0].affected == 1 else {
            if Standing(rows[1]).isSet { throw Problem(.secondFactorSet) }
            return nil
        }
        let password = OneTimePassword(secret: secret)
        return SetUp(
            secret: password.text,
            uri: password.uri(issuer: rows[2].text(0, "school")!, account: rows[2].text(0, "login") ?? ""))
    }

    /// From now on it is asked for. Other sessions end: they were opened without it.
    ///
    /// - Returns: the recovery codes; nil for a wrong code.
    /// Tries are counted here, too: a stolen session is not to guess its way to recovery codes.
    ///
    /// - Throws: `not_found` when none was begun; `second_factor_set`; `invalid_ticket`; `too_many_attempts`.
    func confirm(_ typed: String, on ground: Ground) async throws -> [String]? {
        try await services.lanes.transaction(scope) { transaction in
            var session: String?
            switch ground {
            case .session(let id): session = id
            case .ticket(let ticket):
                // A reset or a change of the password that comes meanwhile is waited for.
                let owner = try await transaction.run([
                    Self.lockOwner(school, person, .text(ticket.passwordChangedAt))
                ])[0]
                guard !owner.isEmpty else { throw Problem.invalidTicket }
            }
            let rows = try await transaction.run([Self.tryToConfirm(school, person)])[0]
            guard !rows.isEmpty, let sealed = rows.text(0, "secret") else { throw Problem(.notFound) }
            if rows.boolean(0, "is_set") { throw Problem(.secondFactorSet) }
            if let seconds = rows.integer(0, "locked") { throw Lockout.secondFactor.problem(seconds: seconds) }
            guard let step = try step(of: typed, try open(sealed).secret, after: nil) else { return nil }
            _ = try await transaction.run([
                Self.confirm(school, person, .integer(step)), Self.endOthers(school, person, .text(session)),
            ])
            return try await replaceRecoveryCodes(transaction)
        }
    }

    /// Ten new ones; the old ones stop.
    ///
    /// - Returns: nil when there is no second factor.
    func renewRecoveryCodes() async throws -> [String]? {
        try await services.lanes.transaction(scope) { transaction in
            let rows = try await transaction.run([Self.lock(school, person)])[0]
            guard !rows.isEmpty, rows.boolean(0, "is_set") else { return nil }
            return try await replaceRecoveryCodes(transaction)
        }
    }

    private func replaceRecoveryCodes(_ transaction: Transaction) async throws -> [String] {
        let codes = (0..<RecoveryCode.count).map { _ in RecoveryCode() }
        let hashes = try codes.map { "\\x" + Hexadecimal.encode(try $0.hash(school: scope.school, user: user)) }
        _ = try await transaction.run([
            Self.forgetCodes(school, person), Self.keepCodes(school, person, .texts(hashes)), Self.recordCodes(person),
        ])
        return codes.map { $0.shown }
    }

    /// Confirmed or not.
    ///
    /// - Returns: false when there was none.
    func remove() async throws -> Bool {
        try await services.lanes.write(scope, [Self.remove(school, person)])[0].affected == 1
    }

    // MARK: Secrets

    private func sealingKeys() throws -> SealingKeys {
        guard let keys = services.settings.sealingKeys else { throw Problem.secondFactorUnavailable }
        return keys
    }

    private func open(_ sealed: String) throws -> (secret: [UInt8], isOld: Bool) {
        guard let opened = try sealingKeys().open(sealed, for: context) else {
            throw Problem.secondFactorUnavailable
        }
        return opened
    }
}

extension SecondFactor.Standing {
    init(_ rows: Rows) {
        isSet = rows.boolean(0, "is_set")
        isLacking = rows.boolean(0, "is_lacking")
    }
}

// MARK: SQL

extension SecondFactor {
    fileprivate static let standing = Statement(
        """
        SELECT EXISTS (
                SELECT FROM second_factors f
                WHERE f.school_id = $1 AND f.user_id = $2::uuid AND f.confirmed_at IS NOT NULL
            ) AS is_set,
            lyceum.lacks_second_factor($1, $2::uuid) AS is_lacking
        """)

    private static let oneMoreTry = """
        tries = CASE WHEN tries_since > now() - \(SignInAttempt.window) THEN least(tries + 1, 1000) ELSE 1 END,
            tries_since = CASE WHEN tries_since > now() - \(SignInAttempt.window) THEN tries_since ELSE now() END
        """

    /// The seconds until codes are looked at again; NULL while they are.
    private static let locked = "CASE WHEN tries > 10 THEN \(SignInAttempt.secondsLeft("tries_since")) END AS locked"

    /// What a right code takes back again is one try, not those of others.
    fileprivate static let count = Statement(
        """
        UPDATE second_factors
        SET \(oneMoreTry)
        WHERE school_id = $1 AND user_id = $2::uuid AND confirmed_at IS NOT NULL
        RETURNING secret, last_step, \(locked)
        """)

    /// A code of a step that was accepted meanwhile, or of a secret that was replaced, is not accepted.
    fileprivate static let spend = Statement(
        """
        UPDATE second_factors
        SET last_step = $4::bigint, tries = greatest(tries - 1, 0), secret = coalesce($5::text, secret)
        WHERE school_id = $1 AND user_id = $2::uuid AND secret = $3 AND (last_step IS NULL OR last_step < $4::bigint)
        """)

    fileprivate static let use = Statement(
        """
        WITH used AS (
            UPDATE recovery_codes SET used_at = now()
            WHERE school_id = $1 AND user_id = $2::uuid AND code_hash = $3::bytea AND used_at IS NULL
            RETURNING school_id, user_id
        ), counted AS (
            UPDATE second_factors f SET tries = greatest(f.tries - 1, 0)
            FROM used u WHERE f.school_id = u.school_id AND f.user_id = u.user_id
        )
        SELECT lyceum.record_audit('use', 'recovery_codes', u.user_id) AS _audit FROM used u
        """)

    fileprivate static let begin = Statement(
        """
        INSERT INTO second_factors (school_id, user_id, secret)
        SELECT u.school_id, u.id, $3
        FROM users u
        WHERE u.school_id = $1 AND u.id = $2::uuid AND u.state = 'active' AND lyceum.is_staff($1, u.id)
            AND u.password_changed_at IS NOT DISTINCT FROM $4::timestamptz
        ON CONFLICT (school_id, user_id) DO UPDATE
        SET secret = excluded.secret, begun_at = now(), tries = 0
        WHERE second_factors.confirmed_at IS NULL
        """)

    fileprivate static let names = Statement(
        """
        SELECT s.name AS school, u.login
        FROM schools s JOIN users u ON u.school_id = s.id AND u.id = $2::uuid
        WHERE s.id = $1
        """)

    fileprivate static let lockOwner = Statement(
        """
        SELECT u.id FROM users u
        WHERE u.school_id = $1 AND u.id = $2::uuid AND u.state = 'active'
            AND u.password_changed_at IS NOT DISTINCT FROM $3::timestamptz
        FOR SHARE
        """)

    fileprivate static let lock = Statement(
        """
        SELECT secret, confirmed_at IS NOT NULL AS is_set
        FROM second_factors WHERE school_id = $1 AND user_id = $2::uuid
        FOR UPDATE
        """)

    fileprivate static let tryToConfirm = Statement(
        """
        UPDATE second_factors
        SET \(oneMoreTry)
        WHERE school_id = $1 AND user_id = $2::uuid
        RETURNING secret, confirmed_at IS NOT NULL AS is_set, \(locked)
        """)

    fileprivate static let confirm = Statement(
        """
        UPDATE second_factors SET confirmed_at = now(), last_step = $3::bigint, tries = 0
        WHERE school_id = $1 AND user_id = $2::uuid
        """)

    fileprivate static let endOthers = Statement(
        """
        UPDATE sessions SET ended_at = now(), end_reason = 'second factor set up'
        WHERE school_id = $1 AND user_id = $2::uuid AND ended_at IS NULL AND id IS DISTINCT FROM $3::uuid
        """)

    fileprivate static let forgetCodes = Statement(
        "DELETE FROM recovery_codes WHERE school_id = $1 AND user_id = $2::uuid")

    fileprivate static let keepCodes = Statement(
        """
        INSERT INTO recovery_codes (school_id, user_id, code_hash)
        SELECT $1, $2::uuid, c.hash FROM unnest($3::bytea[]) AS c (hash)
        """)

    fileprivate static let recordCodes = Statement(
        "SELECT lyceum.record_audit('insert', 'recovery_codes', $1::uuid) AS _audit")

    fileprivate static let remove = Statement(
        "DELETE FROM second_factors WHERE school_id = $1 AND user_id = $2::uuid")
}

extension Problem {
    static let invalidTicket = Problem(.invalidTicket, oauthError: "invalid_grant")
}
