import Postgres

/// The schools of a deployment, for the owner.
package enum SchoolList {
    package struct Entry: Sendable, Encodable {
        package let code: String
        package let name: String
        package let timeZone: String
        /// The name of the current academic year.
        package let academicYear: String?
        /// All people of the school, including those who cannot sign in.
        package let people: Int
        /// Timestamps in RFC 3339, UTC.
        package let createdAt: String
        package let closedAt: String?

        enum CodingKeys: String, CodingKey {
            case code, name, people
            case timeZone = "time_zone"
            case academicYear = "academic_year"
            case createdAt = "created_at"
            case closedAt = "closed_at"
        }
    }

    /// Sorted by code.
    package static func read(_ connection: BlockingConnection) throws -> [Entry] {
        try connection.query(
            """
            SELECT s.code, s.name, s.time_zone, y.name, (SELECT count(*) FROM users u WHERE u.school_id = s.id),
                to_char(s.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                to_char(s.closed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            FROM schools s
            LEFT JOIN academic_years y ON y.school_id = s.id
                AND (now() AT TIME ZONE s.time_zone)::date BETWEEN y.starts_on AND y.ends_on
            ORDER BY s.code
            """
        ).rows.map { row in
            Entry(
                code: row[0] ?? "", name: row[1] ?? "", timeZone: row[2] ?? "", academicYear: row[3],
                people: row[4].flatMap { Int($0) } ?? 0, createdAt: row[5] ?? "", closedAt: row[6])
        }
    }
}
