import Crypto
import Diary
import JSON
import Postgres
import Web

/// A person who may get a code.
struct CodeHolder {
    let id: String
    let lastName: String
    let firstName: String
    let middleName: String?
    var login: String?
    /// The person has chosen a password and can sign in.
    let isActive: Bool
    /// The person is blocked, or depersonalised (K2).
    let isClosed: Bool
    /// A student's class, and a guardian's children with theirs, for paper.
    let schoolClass: String?
    let children: String?

    /// Columns of `users u`.
    static let columns = """
        u.id, u.last_name, u.first_name, u.middle_name, u.login, u.state = 'active' AS is_active,
        (u.state = 'blocked' OR u.depersonalised_at IS NOT NULL) AS is_closed
        """

    /// Columns about the students `ids` whom the person is or sees.
    static func students(_ ids: String) -> String {
        """
        SELECT max(c.name) FILTER (WHERE s.id = u.id) AS school_class, string_agg(
            concat_ws(' ', s.last_name, s.first_name) || coalesce(', ' || c.name, ''), '; '
            ORDER BY s.last_name, s.first_name, s.id
        ) FILTER (WHERE s.id <> u.id) AS children
        FROM users s
        LEFT JOIN enrollments e ON e.school_id = $1 AND e.student_id = s.id
            AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        LEFT JOIN classes c ON c.school_id = $1 AND c.id = e.class_id
        WHERE s.school_id = $1 AND s.id IN (\(ids))
        """
    }

    init(_ rows: Rows, row: Int) {
        id = rows.text(row, "id")!
        lastName = rows.text(row, "last_name")!
        firstName = rows.text(row, "first_name")!
        middleName = rows.text(row, "middle_name")
        login = rows.text(row, "login")
        isActive = rows.boolean(row, "is_active")
        isClosed = rows.boolean(row, "is_closed")
        schoolClass = rows.text(row, "school_class")
        children = rows.text(row, "children")
    }

    var fullName: String { [lastName, firstName, middleName ?? ""].filter { !$0.isEmpty }.joined(separator: " ") }

    func write(to writer: inout JSONWriter) {
        writer.key("user")
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("last_name")
        writer.string(lastName)
        writer.key("first_name")
        writer.string(firstName)
        writer.key("middle_name")
        if let middleName { writer.string(middleName) } else { writer.null() }
        writer.endObject()
    }
}

/// A code as it is shown, once.
struct IssuedCode {
    let holder: CodeHolder
    let login: String
    let code: String
    let expiresAt: String
    /// The same in the school's local time, for paper.
    let localExpiry: String

    func write(to writer: inout JSONWriter) {
        holder.write(to: &writer)
        writer.key("login")
        writer.string(login)
        writer.key("code")
        writer.string(code)
        writer.key("expires_at")
        writer.string(expiresAt)
    }
}

/// Issues and revokes codes, for one person or many. The caller has locked the people's rows and checked permissions.
enum CodeIssue {
    /// Gives each person a login, if missing, and a new code; the old code, the password and the sessions end.
    static func run(
        _ holders: [CodeHolder], reason: String?, _ caller: Caller, _ transaction: Transaction
    ) async throws -> [IssuedCode] {
        guard !holders.isEmpty else { return [] }
        let services = caller.services
        let school = Parameter.integer(caller.school.id)
        let logins = try await logins(for: holders, school, transaction)
        let codes = holders.map { _ in ActivationCode() }
        let hashes = try codes.map { Parameter.hex(try $0.hash(school: caller.school.code)) }
        let people = Parameter.texts(holders.map { $0.id })
        let rows = try await transaction.run([
            because(.text(reason ?? "")), revoke(school, people),
            issue(
                school, .texts(holders.map { _ in services.newID() }), people, .texts(hashes), .text(reason),
                .text(caller.user)),
            open(school, people, .texts(logins)), endSessions(school, people),
        ])
        let expiresAt = rows[2].text(0, "expires_at")!
        let localExpiry = rows[2].text(0, "local_expiry")!
        return holders.indices.map { index in
            IssuedCode(
                holder: holders[index], login: logins[index], code: codes[index].shown, expiresAt: expiresAt,
                localExpiry: localExpiry)
        }
    }

    /// - Returns: false when there was no code to revoke.
    static func revoke(_ person: String, _ caller: Caller, _ transaction: Transaction) async throws -> Bool {
        let school = Parameter.integer(caller.school.id)
        let people = Parameter.texts([person])
        let rows = try await transaction.run([revoke(school, people), close(school, people)])
        return rows[0].affected > 0
    }

    /// Logins of a school are made one after another, so that two people do not get the same.
    private static func logins(
        for holders: [CodeHolder], _ school: Parameter, _ transaction: Transaction
    ) async throws -> [String] {
        let bases = holders.map { LoginName.base(last: $0.lastName, first: $0.firstName) }
        guard holders.contains(where: { $0.login == nil }) else { return holders.map { $0.login! } }
        let rows = try await transaction.run([lockLogins(school), taken(school, .texts(bases))])[1]
        var taken = Set((0..<rows.count).map { rows.text($0, "login")! })
        return zip(holders, bases).map { $0.login ?? LoginName.free($1, &taken) }
    }

    /// What the person may currently do for others, independent of the roles in the token.
    static func standing(of person: String) -> String {
        """
        SELECT coalesce(bool_or(r.role = 'administrator'), false) AS administers,
            coalesce(bool_or(r.role IN ('head', 'deputy_head')), false) AS heads
        FROM user_roles r
        WHERE r.school_id = $1 AND r.user_id = \(person)
        """
    }

    /// The reason that the audit log keeps with each row (A5).
    static let because = Statement("SELECT \(Setting.reason.set(to: "$1"))")

    private static let lockLogins = Statement("SELECT pg_advisory_xact_lock(hashtextextended('logins', $1))")

    private static let taken = Statement(
        """
        SELECT u.login
        FROM users u
        WHERE u.school_id = $1 AND rtrim(u.login, '0123456789') = ANY ($2::text[])
        """)

    private static let revoke = Statement(
        """
        UPDATE activation_codes SET revoked_at = now()
        WHERE school_id = $1 AND user_id = ANY ($2::uuid[]) AND used_at IS NULL AND revoked_at IS NULL
        """)

    private static let issue = Statement(
        """
        INSERT INTO activation_codes (school_id, id, user_id, code_hash, reason, issued_by, expires_at)
        SELECT $1, c.id, c.user_id, c.code_hash, $5, $6::uuid,
            now() + make_interval(days => coalesce(t.activation_days, 14))
        FROM unnest($2::uuid[], $3::uuid[], $4::bytea[]) AS c (id, user_id, code_hash)
        LEFT JOIN school_settings t ON t.school_id = $1
        RETURNING lyceum.moment(expires_at) AS expires_at, lyceum.local_time(expires_at) AS local_expiry
        """)

    private static let open = Statement(
        """
        UPDATE users u SET state = 'issued', password_hash = NULL, login = c.login
        FROM unnest($2::uuid[], $3::text[]) AS c (id, login)
        WHERE u.school_id = $1 AND u.id = c.id
        """)

    private static let close = Statement(
        "UPDATE users SET state = 'new' WHERE school_id = $1 AND id = ANY ($2::uuid[]) AND state = 'issued'")

    private static let endSessions = Statement(
        """
        UPDATE sessions SET ended_at = now(), end_reason = 'credentials issued anew'
        WHERE school_id = $1 AND user_id = ANY ($2::uuid[]) AND ended_at IS NULL
        """)
}

extension Parameter {
    /// A `bytea` as an element of an array.
    fileprivate static func hex(_ bytes: [UInt8]) -> String { "\\x" + Hexadecimal.encode(bytes) }
}
