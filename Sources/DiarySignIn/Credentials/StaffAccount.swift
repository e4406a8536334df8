import Crypto
import Diary
import Postgres

/// Credentials of staff (A2) for `lyceum user create` and `lyceum user reset`, which run as the owner.
package struct StaffAccount {
    /// Roles that the command line can give. It creates the first administrator; students and guardians get their codes
    /// from the class teacher.
    package enum Role: String, Sendable, CaseIterable {
        case administrator
        case head
        case deputyHead = "deputy_head"
        case teacher
    }

    /// The new credentials, shown only once.
    package struct Issued: Sendable {
        package let user: String
        package let login: String
        package let code: ActivationCode
        /// RFC 3339, UTC.
        package let expiresAt: String
    }

    package struct Person: Sendable {
        let lastName: String
        let firstName: String
        let middleName: String?
        /// Nil: made from the name.
        let login: String?

        package init(lastName: String, firstName: String, middleName: String?, login: String?) {
            self.lastName = PersonName.tidied(lastName)
            self.firstName = PersonName.tidied(firstName)
            self.middleName = middleName.map { PersonName.tidied($0) }
            self.login = login
        }
    }

    private let connection: BlockingConnection
    private let school: String

    /// Whether a login is valid: 3 to 64 Latin letters, digits and `.`, `_`, `-`, `@`, beginning with a letter or
    /// digit.
    package static func isLogin(_ text: String) -> Bool { LoginName.isValid(text) }

    /// - Parameter school: the school's code.
    package init(_ connection: BlockingConnection, school: String) {
        self.connection = connection
        self.school = school
    }

    /// Creates a staff member with these roles, and a code.
    ///
    /// - Parameter isNamesake: this is another person than the one of the same name whom the school already has.
    /// - Throws: `OwnerRefusal`, or `BlockingConnection.Failure`.
    package func create(_ person: Person, roles: [Role], isNamesake: Bool = false) throws -> Issued {
        try connection.transaction {
            let id = try enter(reason: "command line")
            if !isNamesake { try refuseNamesakes(of: person, school: id) }
            let (user, login) = try insert(person, school: id)
            for role in Set(roles) {
                try connection.query(
                    "INSERT INTO user_roles (school_id, user_id, role) VALUES ($1, $2, $3)", [id, user, role.rawValue])
            }
            try connection.query("INSERT INTO staff (school_id, id) VALUES ($1, $2)", [id, user])
            return try issue(user: user, login: login, school: id, reason: "command line")
        }
    }

    /// Removes the password and the sessions of a staff member, revokes earlier codes, and creates a new code.
    ///
    /// - Parameter removesSecondFactor: removes the second factor, too, for a person who has lost it when nobody else
    ///   can remove it.
    /// - Throws: `OwnerRefusal`, or `BlockingConnection.Failure`.
    package func reset(login: String, reason: String, removesSecondFactor: Bool = false) throws -> Issued {
        try connection.transaction {
            let id = try enter(reason: "command line: \(reason)")
            // The lock makes concurrent resets of one person run one after the other.
            let found = try connection.query(
                """
                SELECT u.id, u.login, u.state = 'blocked' OR u.depersonalised_at IS NOT NULL, EXISTS (
                    SELECT FROM user_roles r
                    WHERE r.school_id = u.school_id AND r.user_id = u.id AND r.role NOT IN ('guardian', 'student'))
                FROM users u WHERE u.school_id = $1 AND u.login = lower($2)
                FOR NO KEY UPDATE
                """, [id, login]
            ).rows
            guard let row = found.first, let user = row[0], let stored = row[1] else {
                throw OwnerRefusal.noUser(login, school: school)
            }
            guard row[3] == "t" else { throw OwnerRefusal.notStaff(stored) }
            guard row[2] == "f" else { throw OwnerRefusal.blocked(stored) }
            try connection.query(
                """
                UPDATE activation_codes SET revoked_at = now()
                WHERE school_id = $1 AND user_id = $2 AND used_at IS NULL AND revoked_at IS NULL
                """, [id, user])
            try connection.query(
                """
                UPDATE sessions SET ended_at = now(), end_reason = 'credentials issued anew'
                WHERE school_id = $1 AND user_id = $2 AND ended_at IS NULL
                """, [id, user])
            if removesSecondFactor {
                try connection.query(
                    "DELETE FROM second_factors WHERE school_id = $1 AND user_id = $2", [id, user])
            }
            try connection.query(
                "UPDATE users SET state = 'issued', password_hash = NULL WHERE school_id = $1 AND id = $2", [id, user])
            return try issue(user: user, login: stored, school: id, reason: reason)
        }
    }

    private func enter(reason: String) throws -> String {
        let row = try connection.query("SELECT id, time_zone FROM schools WHERE code = $1", [school]).rows.first
        guard let id = row?[0], let zone = row?[1], let number = Int(id) else { throw OwnerRefusal.noSchool(school) }
        try connection.explain(reason)
        try connection.enter(school: number, timeZone: zone)
        return id
    }

    /// Refuses a second account for the same person, which is usually a mistake.
    private func refuseNamesakes(of person: Person, school id: String) throws {
        // Concurrent commands run one after the other.
        try connection.query(
            "SELECT pg_advisory_xact_lock(hashtextextended('user create', $1::int))", [id])
        let found = try connection.query(
            """
            SELECT u.login, string_agg(r.role, ', ' ORDER BY r.role)
            FROM users u
            LEFT JOIN user_roles r ON r.school_id = u.school_id AND r.user_id = u.id
            WHERE u.school_id = $1 AND u.depersonalised_at IS NULL
                AND translate(lower(concat_ws(' ', u.last_name, u.first_name)), 'ё', 'е')
                    = translate(lower(concat_ws(' ', $2::text, $3::text)), 'ё', 'е')
                AND ($4::text IS NULL OR u.middle_name IS NULL
                    OR translate(lower(u.middle_name), 'ё', 'е') = translate(lower($4::text), 'ё', 'е'))
            GROUP BY u.school_id, u.id
            ORDER BY u.login NULLS LAST, u.id
            """, [id, person.lastName, person.firstName, person.middleName]
        ).rows
        guard !found.isEmpty else { return }
        let others = found.map { row in
            [row[0].map { "login \($0)" } ?? "no login", row[1]].compactMap { $0 }.joined(separator: ", ")
        }
        throw OwnerRefusal.namesakes(
            [person.lastName, person.firstName, person.middleName].compactMap { $0 }.joined(separator: " "),
            school: school, others: others, login: found[0][0])
    }

    private func insert(_ person: Person, school id: String) throws -> (user: String, login: String) {
        var identifiers = UUIDv7()
        let user = identifiers.next()
        let made = LoginName.base(last: person.lastName, first: person.firstName)
        // Namesakes get a login with a number at the end.
        for attempt in 1...1000 {
            let answer = try connection.query(
                """
                INSERT INTO users (school_id, id, last_name, first_name, middle_name, login, state)
                VALUES ($1, $2, $3, $4, $5, lower($6), 'issued')
                ON CONFLICT (school_id, login) DO NOTHING RETURNING login
                """,
                [
                    id, user, person.lastName, person.firstName, person.middleName,
                    person.login ?? (attempt == 1 ? made : "\(made)\(attempt)"),
                ])
            if let login = answer.first { return (user, login) }
            if person.login != nil { break }
        }
        throw OwnerRefusal.loginTaken(person.login ?? made)
    }

    private func issue(user: String, login: String, school id: String, reason: String) throws -> Issued {
        let code = ActivationCode()
        let hash = "\\x" + Hexadecimal.encode(try code.hash(school: school))
        var identifiers = UUIDv7()
        let answer = try connection.query(
            """
            INSERT INTO activation_codes (school_id, id, user_id, code_hash, reason, expires_at)
            VALUES ($1, $2, $3, $4::bytea, $5, now() + make_interval(days => coalesce(
                (SELECT s.activation_days FROM school_settings s WHERE s.school_id = $1), 14)))
            RETURNING to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            """,
            [
                id, identifiers.next(), user, hash,
                reason,
            ])
        return Issued(user: user, login: login, code: code, expiresAt: answer.first ?? "")
    }
}
