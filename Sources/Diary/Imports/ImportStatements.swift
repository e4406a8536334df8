import Postgres

/// The SQL of an import. `$1` is the school and `$2` the file's rows as JSON; each statement is for all rows at once.
struct ImportStatements {
    /// What of the rows does not fit what is there: `line`, `field`, `code`, `argument`.
    let examine: Statement
    /// Who is known by an external id (`known`), and who of them the file leaves out (`missing`).
    let compare: Statement
    /// Each answers the `key` of the rows that it changed.
    let update: [Statement]
    let insert: Statement
    /// What hangs on a row, after the rows are there.
    let follow: [Statement]

    static func of(_ kind: ImportKind) -> ImportStatements {
        switch kind {
        case .staff: staff
        case .students: students
        case .guardians: guardians
        case .classes: classes
        }
    }

    static let findingColumns = ["line", "field", "code", "argument"]
    static let comparisonColumns = ["known", "missing"]
    static let keyColumns = ["key"]

    /// Imports of a school take turns, so that what the second one looks at is what the first has written.
    static let lock = Statement("SELECT pg_advisory_xact_lock(hashtextextended('import', $1::int)) AS _locked")
    /// Whether the caller still manages the school, or for staff administers it (A2).
    static let keeps = Statement(
        "SELECT lyceum.has_role(VARIADIC $1::text[]) OR lyceum.has_scope('imports.write') AS keeps")

    private static let staff = people(
        .staff, isCurrent: "(k.left_on IS NULL OR k.left_on >= lyceum.today())",
        findings: """
            SELECT r.line, 'left_on', 'before_start', NULL
            FROM \(rows(.staff))
            LEFT JOIN users u ON u.school_id = $1 AND u.external_id = r.external_id
            LEFT JOIN staff k ON k.school_id = $1 AND k.id = u.id
            WHERE coalesce(r.left_on, k.left_on) < coalesce(r.hired_on, k.hired_on)
            """)

    private static let students = people(
        .students, without: ["class", "enrolled_on"],
        isCurrent: """
            (
                NOT EXISTS (SELECT FROM enrollments e WHERE e.school_id = $1 AND e.student_id = k.id)
                OR EXISTS (
                    SELECT FROM enrollments e
                    WHERE e.school_id = $1 AND e.student_id = k.id
                        AND (e.ends_on IS NULL OR e.ends_on >= lyceum.today())
                )
            )
            """,
        findings: """
            SELECT w.line,
                CASE w.code WHEN 'outside_year' THEN 'enrolled_on' ELSE 'class' END, w.code,
                CASE w.code
                    WHEN 'outside_year' THEN w.year_starts_on || ' … ' || w.year_ends_on
                    WHEN 'class_change_needs_date' THEN w.class_now
                END
            FROM (
                SELECT w.*, CASE
                    WHEN w.year_starts_on IS NULL THEN 'no_academic_year'
                    WHEN w.class_id IS NULL THEN 'unknown_class'
                    WHEN w.starts_on NOT BETWEEN w.year_starts_on AND w.year_ends_on THEN 'outside_year'
                    WHEN w.class_id_now <> w.class_id AND w.starts_on <= w.starts_on_now THEN 'class_change_needs_date'
                END AS code
                FROM (\(wantedEnrollments)) w
            ) w
            WHERE w.code IS NOT NULL
            UNION ALL
            SELECT r.line, 'enrolled_on', 'needs_class', NULL
            FROM \(rows(.students)) WHERE r.enrolled_on IS NOT NULL AND r.class IS NULL
            UNION ALL
            SELECT r.line, 'birth_date', 'in_the_future', NULL
            FROM \(rows(.students)) WHERE r.birth_date > lyceum.today()
            """,
        follow: [
            // Who changes class leaves the old one the day before.
            """
            UPDATE enrollments e SET ends_on = w.starts_on - 1
            FROM (\(wantedEnrollments)) w
            WHERE e.school_id = $1 AND e.id = w.id_now AND w.class_id_now <> w.class_id AND w.starts_on > w.starts_on_now
            RETURNING w.key
            """,
            """
            WITH done AS (
                INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
                SELECT $1, w.id, w.student_id, w.class_id, w.starts_on
                FROM (\(wantedEnrollments)) w
                WHERE w.class_id IS NOT NULL AND w.id_now IS NULL
                RETURNING student_id
            )
            SELECT u.external_id AS key FROM done JOIN users u ON u.school_id = $1 AND u.id = done.student_id
            """,
        ])

    private static let guardians = people(
        .guardians, without: ["children", "relation", "access"],
        isCurrent: """
            (
                NOT EXISTS (SELECT FROM guardianships g WHERE g.school_id = $1 AND g.guardian_id = k.id)
                OR EXISTS (
                    SELECT
                    FROM guardianships g
                    JOIN enrollments e ON e.school_id = g.school_id AND e.student_id = g.student_id
                    WHERE g.school_id = $1 AND g.guardian_id = k.id
                        AND (g.ends_on IS NULL OR g.ends_on >= lyceum.today())
                        AND (e.ends_on IS NULL OR e.ends_on >= lyceum.today())
                )
            )
            """,
        findings: """
            SELECT w.line,
                CASE w.code WHEN 'required' THEN 'relation' WHEN 'access_closed' THEN 'access' ELSE 'children' END,
                w.code, w.child
            FROM (
                SELECT w.*, CASE
                    WHEN w.student_id IS NULL THEN 'unknown_child'
                    WHEN w.child = w.key THEN 'self'
                    WHEN w.is_over THEN 'guardianship_over'
                    WHEN w.access_now = 'none' AND w.access = 'full' THEN 'access_closed'
                    WHEN w.id_now IS NULL AND w.relation IS NULL THEN 'required'
                END AS code
                FROM (\(wantedGuardianships)) w
            ) w
            WHERE w.code IS NOT NULL
            """,
        follow: [
            """
            UPDATE guardianships g SET relation = coalesce(w.relation, g.relation), access = coalesce(w.access, g.access)
            FROM (\(wantedGuardianships)) w
            WHERE g.school_id = $1 AND g.id = w.id_now
                AND (g.relation, g.access) <> (coalesce(w.relation, g.relation), coalesce(w.access, g.access))
            RETURNING w.key
            """,
            """
            WITH done AS (
                INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on)
                SELECT $1, w.id, w.guardian_id, w.student_id, w.relation, coalesce(w.access, 'full'), lyceum.today()
                FROM (\(wantedGuardianships)) w
                WHERE w.id_now IS NULL
                RETURNING guardian_id
            )
            SELECT u.external_id AS key FROM done JOIN users u ON u.school_id = $1 AND u.id = done.guardian_id
            """,
        ])

    /// A class is known by its external id, else by its name in the current year.
    private static let classes = ImportStatements(
        examine: Statement(
            """
            SELECT f.line, f.field, f.code, f.argument
            FROM (
                SELECT w.line, 'name' AS field, 'no_academic_year' AS code, NULL AS argument
                FROM (\(wantedClasses)) w WHERE w.year_id IS NULL
                UNION ALL
                SELECT w.line, 'grade_level', 'fixed_field', w.grade_level_now::text
                FROM (\(wantedClasses)) w WHERE w.grade_level <> w.grade_level_now
                UNION ALL
                SELECT w.line, 'external_id', 'already_exists', c.name
                FROM (\(wantedClasses)) w
                JOIN classes c ON c.school_id = $1 AND c.external_id = w.external_id AND c.id IS DISTINCT FROM w.id_now
                UNION ALL
                SELECT w.line, 'name', 'already_exists', c.name
                FROM (\(wantedClasses)) w
                JOIN classes c ON c.school_id = $1 AND c.academic_year_id = w.year_id AND c.id <> w.id_now
                    AND \(className("c.name")) = \(className("w.key"))
            ) f
            ORDER BY f.line
            """),
        compare: Statement(
            """
            SELECT count(*) AS known,
                count(*) FILTER (
                    WHERE k.id NOT IN (SELECT w.id_now FROM (\(wantedClasses)) w WHERE w.id_now IS NOT NULL)
                ) AS missing
            FROM classes k
            WHERE k.school_id = $1 AND k.external_id IS NOT NULL AND k.archived_at IS NULL
                AND k.academic_year_id = (SELECT y.id FROM \(currentYear) y)
            """),
        update: [
            Statement(
                """
                UPDATE classes c
                SET name = w.key, letter = w.letter, profile = coalesce(w.profile, c.profile),
                    external_id = coalesce(w.external_id, c.external_id)
                FROM (\(wantedClasses)) w
                WHERE c.school_id = $1 AND c.id = w.id_now
                    AND (c.name, c.letter, c.profile, c.external_id) IS DISTINCT FROM
                        (w.key, w.letter, coalesce(w.profile, c.profile), coalesce(w.external_id, c.external_id))
                RETURNING w.key
                """)
        ],
        insert: Statement(
            """
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name, profile, external_id)
            SELECT $1, w.id, w.year_id, w.grade_level, w.letter, w.key, w.profile, w.external_id
            FROM (\(wantedClasses)) w
            WHERE w.id_now IS NULL
            RETURNING name AS key
            """),
        follow: [])

    // MARK: What the rows want, beside what is there

    /// The year of today; between two years the next one.
    private static let currentYear = """
        (
            SELECT y.id, y.starts_on, y.ends_on
            FROM academic_years y
            WHERE y.school_id = $1 AND y.ends_on >= lyceum.today() AND y.state <> 'closed'
            ORDER BY y.starts_on
            LIMIT 1
        )
        """

    /// Beside the last enrollment that is not over when the wanted one begins.
    private static let wantedEnrollments = """
        SELECT r.line, r.external_id AS key, r.other_id AS id, s.id AS student_id, c.id AS class_id,
            coalesce(r.enrolled_on, y.starts_on) AS starts_on, y.starts_on AS year_starts_on, y.ends_on AS year_ends_on,
            e.id AS id_now, e.class_id AS class_id_now, e.starts_on AS starts_on_now, e.name AS class_now
        FROM \(rows(.students))
        LEFT JOIN \(currentYear) y ON true
        LEFT JOIN users u ON u.school_id = $1 AND u.external_id = r.external_id
        LEFT JOIN students s ON s.school_id = $1 AND s.id = u.id
        LEFT JOIN LATERAL (
            SELECT c.id FROM classes c
            WHERE c.school_id = $1 AND c.academic_year_id = y.id AND c.archived_at IS NULL
                AND \(className("c.name")) = \(className("r.class"))
            ORDER BY c.name = r.class DESC, c.id
            LIMIT 1
        ) c ON true
        LEFT JOIN LATERAL (
            SELECT e.id, e.class_id, e.starts_on, k.name
            FROM enrollments e
            JOIN classes k ON k.school_id = e.school_id AND k.id = e.class_id
            WHERE e.school_id = $1 AND e.student_id = s.id
                AND (e.ends_on IS NULL OR e.ends_on >= coalesce(r.enrolled_on, y.starts_on))
            ORDER BY e.starts_on DESC
            LIMIT 1
        ) e ON true
        WHERE r.class IS NOT NULL
        """

    /// A row for each child, beside the last guardianship of the two.
    private static let wantedGuardianships = """
        SELECT r.line, r.external_id AS key, i.id, i.external_id AS child, r.relation, r.access,
            u.id AS guardian_id, s.id AS student_id, g.id AS id_now, g.access AS access_now,
            g.ends_on < lyceum.today() AS is_over
        FROM \(rows(.guardians))
        CROSS JOIN LATERAL jsonb_to_recordset(coalesce(r.children, '[]')) AS i (id uuid, external_id text)
        LEFT JOIN users u ON u.school_id = $1 AND u.external_id = r.external_id
        LEFT JOIN users c ON c.school_id = $1 AND c.external_id = i.external_id
        LEFT JOIN students s ON s.school_id = $1 AND s.id = c.id
        LEFT JOIN LATERAL (
            SELECT g.id, g.access, g.ends_on FROM guardianships g
            WHERE g.school_id = $1 AND g.guardian_id = u.id AND g.student_id = s.id
            ORDER BY g.starts_on DESC
            LIMIT 1
        ) g ON true
        """

    private static let wantedClasses = """
        SELECT r.line, r.id, r.name AS key, r.grade_level, r.letter, r.profile, r.external_id, y.id AS year_id,
            c.id AS id_now, c.grade_level AS grade_level_now
        FROM \(rows(.classes))
        LEFT JOIN \(currentYear) y ON true
        LEFT JOIN LATERAL (
            SELECT c.id, c.grade_level FROM classes c
            WHERE c.school_id = $1 AND c.academic_year_id = y.id
                AND (c.external_id = r.external_id OR \(className("c.name")) = \(className("r.name")))
            ORDER BY (c.external_id = r.external_id) IS TRUE DESC, c.name = r.name DESC, c.id
            LIMIT 1
        ) c ON true
        """

    /// 7А, 7 "а" and 7A with a Latin letter are one class; as `ImportFile.className`.
    private static func className(_ sql: String) -> String {
        #"translate(upper(regexp_replace(\#(sql), '[\s_."«»-]', '', 'g')), 'ЁABCEHKMOPTX', 'ЕАВСЕНКМОРТХ')"#
    }

    /// The file's rows, `r`. Two ids for what may have to be made of one.
    private static func rows(_ kind: ImportKind) -> String {
        let columns = kind.columns.map { "\($0.name) \($0.sqlType)" }.joined(separator: ", ")
        return "jsonb_to_recordset($2::jsonb) AS r (line int, id uuid, other_id uuid, \(columns))"
    }
}

// MARK: People

extension ImportStatements {
    /// People are written through the views of their profiles, whose triggers keep the tables and roles behind them. An empty
    /// cell leaves what is there.
    ///
    /// - Parameters:
    ///   - without: columns that are not the profile's.
    ///   - isCurrent: whether somebody, `k`, is missed when a file leaves them out.
    private static func people(
        _ kind: ImportKind, without others: [String] = [], isCurrent: String, findings: String, follow: [String] = []
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
                SELECT f.line, f.field, f.code, f.argument
                FROM (
                    SELECT r.line, 'external_id' AS field, CASE
                        WHEN u.depersonalised_at IS NOT NULL THEN 'depersonalised' ELSE 'another_person'
                    END AS code, CASE
                        WHEN u.depersonalised_at IS NULL THEN concat_ws(' ', u.last_name, u.first_name, u.middle_name)
                    END AS argument
                    FROM \(rows(kind))
                    JOIN users u ON u.school_id = $1 AND u.external_id = r.external_id
                    LEFT JOIN \(kind.rawValue) k ON k.school_id = $1 AND k.id = u.id
                    WHERE u.depersonalised_at IS NOT NULL
                        OR k.id IS NULL AND NOT (
                            \(sameName("u.last_name", "r.last_name")) AND \(sameName("u.first_name", "r.first_name"))
                        )
                    UNION ALL
                    \(findings)
                ) AS f (line, field, code, argument)
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
            follow: follow.map { Statement($0) })
    }

    private static func sameName(_ first: String, _ second: String) -> String {
        "translate(lower(\(first)), 'ё', 'е') = translate(lower(\(second)), 'ё', 'е')"
    }
}
