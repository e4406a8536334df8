import Postgres

extension ImportDeclaration {
    static func person(_ id: String, _ last: String, _ first: String, _ middle: String) -> [ImportColumn] {
        [
            ImportColumn("external_id", externalID, .text(maximum: 100), isRequired: true, example: id),
            ImportColumn("last_name", ["Фамилия"], .personName(maximum: 100), isRequired: true, example: last),
            ImportColumn("first_name", ["Имя"], .personName(maximum: 100), isRequired: true, example: first),
            ImportColumn("middle_name", ["Отчество"], .personName(maximum: 100), example: middle),
        ]
    }

    static func contacts(_ email: String, _ phone: String) -> [ImportColumn] {
        [
            ImportColumn("email", ["Эл. почта", "Электронная почта", "Почта"], .text(maximum: 200), example: email),
            ImportColumn("phone", ["Телефон"], .text(maximum: 50), example: phone),
        ]
    }
}

extension ImportStatements {
    /// People are written through the views of their profiles, whose triggers maintain the tables and roles behind
    /// them. An empty cell keeps the present value.
    ///
    /// - Parameters:
    ///   - without: columns that are not in the profile.
    ///   - isCurrent: a condition: the person `k` counts as missing when a file leaves them out.
    static func people(
        _ kind: ImportKind, without others: [String] = [], isCurrent: String, findings: String, follow: [String] = [],
        verify: Statement? = nil
    ) -> ImportStatements {
        let view = kind == .staff ? "staff_profiles" : "\(kind.rawValue.dropLast())_profiles"
        let columns = kind.columns.map { $0.name }.filter { $0 != "external_id" && !others.contains($0) }
        let values = columns.map { column in
            let value = "coalesce(r.\(column), p.\(column))"
            let isName = ["last_name", "first_name", "middle_name"].contains(column)
            return isName && kind != .staff ? "CASE WHEN f.is_staff THEN p.\(column) ELSE \(value) END" : value
        }
        return ImportStatements(
            examine: Statement(
                """
                SELECT f.line, f.field, f.code, f.said, f.known, f.other
                FROM (
                    SELECT r.line, 'external_id' AS field, CASE
                        WHEN u.depersonalised_at IS NOT NULL THEN 'depersonalised' ELSE 'another_person'
                    END AS code, NULL AS said, CASE
                        WHEN u.depersonalised_at IS NULL THEN concat_ws(' ', u.last_name, u.first_name, u.middle_name)
                    END AS known, NULL AS other
                    FROM \(rows(kind))
                    JOIN users u ON u.school_id = $1 AND u.external_id = r.external_id
                    LEFT JOIN \(kind.rawValue) k ON k.school_id = $1 AND k.id = u.id
                    WHERE u.depersonalised_at IS NOT NULL
                        OR k.id IS NULL AND NOT (
                            \(sameName("u.last_name", "r.last_name")) AND \(sameName("u.first_name", "r.first_name"))
                        )
                    UNION ALL
                    \(findings)
                ) AS f (line, field, code, said, known, other)
                ORDER BY f.line
                """),
            compare: Statement(
                """
                SELECT count(*) AS known,
                    count(*) FILTER (
                        WHERE u.external_id NOT IN (
                            SELECT r.external_id FROM \(rows(kind)) WHERE r.external_id IS NOT NULL
                        )
                    ) AS missing
                FROM \(kind.rawValue) k
                JOIN users u ON u.school_id = $1 AND u.id = k.id
                WHERE k.school_id = $1 AND u.external_id IS NOT NULL AND \(isCurrent)
                """),
            update: [
                Statement(
                    """
                    UPDATE \(view) p
                    SET \(zip(columns, values).map { "\($0) = \($1)" }.joined(separator: ", "))
                    FROM \(rows(kind))
                    JOIN users u ON u.school_id = $1 AND u.external_id = r.external_id
                    CROSS JOIN LATERAL (
                        SELECT EXISTS (SELECT FROM staff s WHERE s.school_id = $1 AND s.id = u.id)
                            OR EXISTS (
                                SELECT FROM user_roles o
                                WHERE o.school_id = $1 AND o.user_id = u.id AND o.role NOT IN ('student', 'guardian')
                            ) AS is_staff
                    ) f
                    WHERE p.school_id = $1 AND p.id = u.id
                        AND (\(columns.map { "p.\($0)" }.joined(separator: ", ")))
                            IS DISTINCT FROM (\(values.joined(separator: ", ")))
                    RETURNING p.external_id AS key
                    """)
            ],
            insert: Statement(
                """
                INSERT INTO \(view) (school_id, id, external_id, \(columns.joined(separator: ", ")))
                SELECT $1, coalesce(u.id, r.id), r.external_id, \(columns.map { "r.\($0)" }.joined(separator: ", "))
                FROM \(rows(kind))
                LEFT JOIN users u ON u.school_id = $1 AND u.external_id = r.external_id
                WHERE NOT EXISTS (SELECT FROM \(kind.rawValue) k WHERE k.school_id = $1 AND k.id = u.id)
                RETURNING external_id AS key
                """),
            follow: follow.map { Statement($0) }, verify: verify)
    }

    private static func sameName(_ first: String, _ second: String) -> String {
        "translate(lower(\(first)), 'ё', 'е') = translate(lower(\(second)), 'ё', 'е')"
    }
}
