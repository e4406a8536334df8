import Postgres

/// The SQL of an import. `$1` is the school, `$2` the file's rows as JSON; each statement handles all rows at once.
struct ImportStatements {
    /// Rows that conflict with existing records: `line`, `field`, `code`, and the names in the fault (`ImportNames`):
    /// `said`, `known`, `other`.
    let examine: Statement
    /// The number of records with an external id (`known`), and of those that the file leaves out (`missing`).
    let compare: Statement
    /// Each answers the `key` of the rows that it changed.
    let update: [Statement]
    let insert: Statement
    /// Statements for dependent records, after the rows were written.
    let follow: [Statement]
    /// Conflicts that show only after the write, in the form of `examine`.
    var verify: Statement?

    static func of(_ kind: ImportKind) -> ImportStatements {
        switch kind {
        case .subjects: subjects
        case .rooms: rooms
        case .classes: classes
        case .staff: staff
        case .students: students
        case .guardians: guardians
        case .groups: groups
        case .load: load
        case .timetable: timetable
        case .plans: plans
        case .finals: finals
        }
    }

    /// The first statements of an import's transaction.
    static let entrance = [
        ImportCall(lock, .setting, .school), ImportCall(savepoint), ImportCall(`defer`), ImportCall(interpret),
    ]

    /// Imports of a school run one after another, so that the second one sees what the first has written.
    static let lock = Statement("SELECT pg_advisory_xact_lock(hashtextextended('import', $1::int)) AS _locked")
    /// Whether the caller still manages the school, or for staff administers it (A2).
    static let keeps = Statement(
        "SELECT lyceum.has_role(VARIADIC $1::text[]) OR lyceum.has_scope('imports.write') AS keeps")
    /// Deferred until all rows are written, so that `verify` can name the row that conflicts.
    static let `defer` = Statement("SET CONSTRAINTS ALL DEFERRED")
    /// The planner underestimates the number of a file's rows, and of the rows of a new school, and would scan one
    /// whole table for each row of the other. This is not set around statements that fire triggers with joins, because
    /// their plans are kept.
    static let joinByHash = Statement("SET LOCAL enable_nestloop = off")
    static let joinFreely = Statement("SET LOCAL enable_nestloop = on")
    /// A join that the planner should avoid has such a high nominal cost that the planner would compile a query of a
    /// few milliseconds.
    static let interpret = Statement("SET LOCAL jit = off")
    private static let mode = Setting("import", .text)
    static let partial = Statement("SET LOCAL \(mode.name) = 'partial'")
    /// True in a partial import, for kinds whose statements then do something else.
    static let isPartial = "coalesce(\(mode.text) = 'partial', false)"
    static let savepoint = Statement("SAVEPOINT import")
    static let rollback = Statement("ROLLBACK TO SAVEPOINT import")
    /// Surrounds the rows of a file that has faults.
    static let attempt = Statement("SAVEPOINT attempt")
    static let abandon = Statement("ROLLBACK TO SAVEPOINT attempt")
}

// MARK: What statements of several kinds share

extension ImportStatements {
    /// The current academic year; between two years the next one.
    static let currentYear = """
        (
            SELECT y.id, y.starts_on, y.ends_on
            FROM academic_years y
            WHERE y.school_id = $1 AND y.ends_on >= lyceum.today() AND y.state <> 'closed'
            ORDER BY y.starts_on
            LIMIT 1
        )
        """

    /// The file's rows, `r`, with ids for all records that a row may create.
    static func rows(_ kind: ImportKind) -> String {
        let columns = kind.columns.map { "\"\($0.name)\" \($0.sqlType)" }.joined(separator: ", ")
        return "jsonb_to_recordset($2::jsonb) AS r (line int, id uuid, other_id uuid, third_id uuid, \(columns))"
    }

    /// 7А, 7 "а" and 7A with a Latin letter are the same class; the same as `ImportFile.className`.
    static func className(_ sql: String) -> String {
        #"translate(upper(\#(sql)), E'ЁABCEHKMOPTX\#(between)', 'ЕАВСЕНКМОРТХ')"#
    }

    /// Ignores case, ё and punctuation between words; the same as `ImportColumn.plain`.
    static func plain(_ sql: String) -> String { #"translate(lower(\#(sql)), E'ё\#(between)', 'е')"# }

    /// The removed characters. `translate` is a hundred times as fast here as a regular expression.
    private static let between = #" \t\n\r\u00a0_.\"«»-"#

    /// The faults of the rows `w`, each with its condition.
    static func findings(
        _ wanted: String, _ faults: [(condition: String, field: String, code: String, argument: ImportArgument?)]
    ) -> String {
        let values = faults.map {
            "(\($0.condition), \($0.field.hasPrefix("CASE") ? $0.field : "'\($0.field)'"), '\($0.code)', \($0.argument?.columns ?? ImportArgument.none))"
        }
        return """
            SELECT w.line, f.field, f.code, f.said, f.known, f.other
            FROM (\(wanted)) w
            CROSS JOIN LATERAL (VALUES
                \(values.joined(separator: ",\n    "))
            ) AS f (holds, field, code, said, known, other)
            WHERE f.holds
            """
    }

    static func examine(_ findings: String...) -> Statement {
        Statement(
            """
            SELECT f.line, f.field, f.code, f.said, f.known, f.other
            FROM (\(findings.joined(separator: "\nUNION ALL\n"))) AS f (line, field, code, said, known, other)
            ORDER BY f.line
            """)
    }

    /// Tables of a statement that resolve the names of subjects, classes and groups of the current year.
    ///
    /// - Parameter source: a table whose rows have `place`, `subject`, `class`, `group`, and the last three again in
    ///   comparable form, with the suffix `_key`. `q` has a row for each `place`.
    static func taught(_ source: String) -> String {
        """
        y AS MATERIALIZED (SELECT y.* FROM \(currentYear) y),
        c AS MATERIALIZED (
            SELECT DISTINCT ON (\(className("k.name"))) \(className("k.name")) AS key, k.id, k.group_id, k.grade_level
            FROM classes k JOIN y ON y.id = k.academic_year_id
            WHERE k.school_id = $1 AND k.archived_at IS NULL
            ORDER BY \(className("k.name")), k.id
        ),
        j AS MATERIALIZED (
            SELECT k.id, k.name, k.external_id, \(plain("k.name")) AS key
            FROM subjects k WHERE k.school_id = $1 AND k.archived_at IS NULL
        ),
        g AS MATERIALIZED (
            SELECT k.id, k.class_id, k.external_id, \(plain("k.name")) AS key
            FROM groups k JOIN y ON y.id = k.academic_year_id
            WHERE k.school_id = $1 AND k.archived_at IS NULL
        ),
        q AS MATERIALIZED (
            SELECT p.place, j.id AS subject_id, j.name AS subject_name, c.id AS class_id, g.id AS named_group_id,
                g.matches AS group_matches, CASE WHEN p."group" IS NULL THEN c.group_id ELSE g.id END AS group_id
            FROM \(source) p
            LEFT JOIN LATERAL (
                SELECT j.id, j.name FROM j
                WHERE j.external_id = p.subject OR j.key = p.subject_key
                ORDER BY (j.external_id = p.subject) IS TRUE DESC, j.id
                LIMIT 1
            ) j ON true
            LEFT JOIN c ON c.key = p.class_key
            LEFT JOIN LATERAL (
                SELECT g.id,
                    CASE WHEN (g.external_id = p."group") IS TRUE THEN 1 ELSE count(*) OVER () END AS matches
                FROM g
                WHERE (g.external_id = p."group" OR g.key = p.group_key) AND (p.class IS NULL OR g.class_id = c.id)
                ORDER BY (g.external_id = p."group") IS TRUE DESC, g.id
                LIMIT 1
            ) g ON true
        )
        """
    }

    /// The columns that `taught` compares.
    static let taughtKeys = """
        \(plain("r.subject")) AS subject_key, \(className("r.class")) AS class_key, \(plain("r.\"group\"")) AS group_key
        """

    /// The faults of names that `taught` could not resolve, for rows with its input and output columns.
    static let taughtFaults: [(condition: String, field: String, code: String, argument: ImportArgument?)] = [
        ("w.year_id IS NULL", "subject", "no_academic_year", nil),
        ("w.subject IS NOT NULL AND w.subject_id IS NULL", "subject", "unknown_subject", "w.subject"),
        ("w.class IS NOT NULL AND w.class_id IS NULL", "class", "unknown_class", "w.class"),
        (
            "w.\"group\" IS NOT NULL AND w.named_group_id IS NULL AND (w.class IS NULL OR w.class_id IS NOT NULL)",
            "group", "unknown_group", "w.\"group\""
        ),
        ("w.group_matches > 1", "group", "ambiguous", nil),
    ]

    /// Conflicts (L1) of students who were added to groups: two lessons at the same time.
    ///
    /// - Parameters:
    ///   - wanted: rows with `line` and `member_now`, the id of the membership.
    ///   - name: SQL for the student's name in the fault.
    static func overlaps(of wanted: String, field: String, name: String) -> String {
        """
        (
            SELECT DISTINCT ON (w.line, m.id) w.line, '\(field)' AS field, 'student_overlap' AS code,
                \(name) || ', ' || to_char(l.date, 'DD.MM.YYYY') AS said, s.name || ', ' || os.name AS known, NULL AS other
            FROM (\(wanted)) w
            JOIN group_members m ON m.school_id = $1 AND m.id = w.member_now AND m.changed_xid = pg_current_xact_id()
            JOIN sections s ON s.school_id = $1 AND s.group_id = m.group_id
            JOIN lessons l ON l.school_id = $1 AND l.section_id = s.id AND l.state <> 'cancelled'
                AND l.date BETWEEN m.starts_on AND coalesce(m.ends_on, 'infinity')
            JOIN group_members om ON om.school_id = $1 AND om.student_id = m.student_id AND om.group_id <> m.group_id
                AND l.date BETWEEN om.starts_on AND coalesce(om.ends_on, 'infinity')
            JOIN sections os ON os.school_id = $1 AND os.group_id = om.group_id
            JOIN lessons o ON o.school_id = $1 AND o.section_id = os.id AND o.date = l.date AND o.state <> 'cancelled'
                AND o.starts_at < l.ends_at AND o.ends_at > l.starts_at
                AND coalesce(o.merge_id, o.id) <> coalesce(l.merge_id, l.id)
            ORDER BY w.line, m.id, l.date
        )
        """
    }

    /// L5, for students whose days in a class or a group now end earlier: the days with records after the new end.
    ///
    /// - Parameters:
    ///   - ended: rows with `line`, `student_id`, `group_ids` and `ends_on`.
    static func recordedDays(of ended: String, field: String) -> String {
        """
        SELECT w.line, '\(field)', 'recorded_days', d.days, NULL, NULL
        FROM (\(ended)) w
        CROSS JOIN LATERAL (
            SELECT string_agg(to_char(r.date, 'DD.MM.YYYY'), ', ' ORDER BY r.date) FILTER (WHERE r.place <= 10)
                || CASE WHEN count(*) > 10 THEN ' …' ELSE '' END AS days
            FROM (
                SELECT r.date, row_number() OVER (ORDER BY r.date) AS place
                FROM lyceum.lost_records(
                    $1, w.student_id, w.group_ids, datemultirange(daterange(w.ends_on + 1, NULL))
                ) r
                GROUP BY r.date
            ) r
        ) d
        WHERE d.days IS NOT NULL
        """
    }
}
