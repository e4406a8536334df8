import Crypto
import Diary
import Postgres
import Web

/// A person's second factor (staff only): an authenticator app (RFC 6238), and ten recovery codes for its loss.
///
/// The server reads the secret at each sign-in, so the secret is encrypted and not hashed (docs/decisions/0022).
struct SecondFactor {
    /// The state that the person sees.
    struct Standing {
        /// The second factor is confirmed, and sign-in asks for it.
        let isSet: Bool
        /// The school requires a second factor, and the person has none.
        let isLacking: Bool
    }

    /// The key for the authenticator app, shown once.
    struct SetUp {
        let secret: String
        let uri: String
    }

    /// What permits the set-up.
    enum Ground {
        /// A session, which stays open.
        case session(String)
        case ticket(EnrolmentTicket)
    }

    private let services: Services
    private let scope: Scope
    private let user: String

    /// - Parameter scope: acts in the person's name.
    init(_ services: Services, _ scope: Scope, user: String) {
        self.services = services
        self.scope = scope
        self.user = user
    }

    private var school: Parameter { .integer(scope.school) }
    private var person: Parameter { .text(user) }
    /// The context to which the encryption of the secret is bound.
    private var context: String { "second factor \(scope.school) \(user)" }

    func standing() async throws -> Standing {
        Standing(try await services.lanes.read(scope, [Self.standing(school, person)])[0])
    }

    // MARK: Codes

    /// Whether this is an unused code of the app or an unused recovery code; it is then spent.
    ///
    /// Each attempt is counted before the code is checked, for all addresses together: somebody who knows the password
    /// has ten attempts in 15 minutes.
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
        // Apps show the code in two groups.
        let code = typed.filter { $0 != " " && $0 != "\u{A0}" }
        return try OneTimePassword(secret: secret).step(of: code, at: services.settings.now(), after: last)
    }

    // MARK: Setting it up

    /// Creates a secret, replacing an unconfirmed one. Sign-in asks for it only after its confirmation.
    ///
    /// - Parameter passwordChangedAt: when the password that the person has proved was set.
    /// - Returns: nil for a person who is not staff, not active, or has a different password now.
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

    /// Confirms the second factor; sign-in asks for it from now on. Other sessions end, because they were opened
    /// without it.
    ///
    /// Attempts are counted here, too: somebody with a stolen session must not guess a code and get recovery codes.
    ///
    /// - Returns: the recovery codes; nil for a wrong code.
    /// - Throws: `not_found` when none was begun; `second_factor_set`; `invalid_ticket`; `too_many_attempts`.
    func confirm(_ typed: String, on ground: Ground) async throws -> [String]? {
        try await services.lanes.transaction(scope) { transaction in
            var session: String?
            switch ground {
            case .session(let id): session = id
            case .ticket(let ticket):
                // Waits for a concurrent reset or change of the password.
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

    /// Creates ten new codes; the old ones become invalid.
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
            Self.forgetCodes(school, person), Self.keepCodes(school, person, .texts(hashes)),
        ])
        return codes.map { $0.shown }
    }

    /// Removes the second factor, confirmed or not.
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

    /// The seconds until codes are accepted again; NULL while they are accepted.
    private static let locked = "CASE WHEN tries > 10 THEN \(SignInAttempt.secondsLeft("tries_since")) END AS locked"

    /// Counts an attempt. A right code takes back only its own attempt.
    fileprivate static let count = Statement(
        """
        UPDATE second_factors
        SET \(oneMoreTry)
        WHERE school_id = $1 AND user_id = $2::uuid AND confirmed_at IS NOT NULL
        RETURNING secret, last_step, \(locked)
        """)

    /// Rejects a code of a time step that was used in between, or of a replaced secret.
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
        SELECT user_id FROM used
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

    fileprivate static let remove = Statement(
        "DELETE FROM second_factors WHERE school_id = $1 AND user_id = $2::uuid")
}

extension Problem {
    static let invalidTicket = Problem(.invalidTicket, oauthError: "invalid_grant")
}
