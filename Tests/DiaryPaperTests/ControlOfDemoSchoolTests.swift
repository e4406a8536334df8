import DiaryDemo
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// `journal-control` and `anomalies` of a demo school say what `lyceum demo --truth` says: the difference is empty.
@Suite(.serialized) struct ControlOfDemoSchoolTests {
    private static let today = "2027-03-01"
    private static let yesterday = "2027-02-28"

    private struct School: Sendable {
        let server: TestServer
        let deputy: TestClient
        /// The truth about the current year, and about its families.
        let year: JSONValue
        let families: JSONValue
        /// The first day of the year.
        let first: String
    }

    private static let making = Task { () throws -> School in
        let database = try TestDatabase(.migrated)
        let owner = try BlockingConnection(url: database.ownerURL)
        let demo = Demo(seed: 29, today: today, schools: 1, students: 330, years: 1, hasTalk: false)
        var truth = Demo.Truth(demo)
        _ = try demo.fill(owner, truth: { truth.schools.append($0) }) { _ in }
        let school = try JSONValue(parsing: truth.json(), limits: JSONLimits(size: 64 << 20, values: 5_000_000))[
            "schools"]![0]!
        let server = try await TestServer(over: database, today: today)
        let first = try owner.query("SELECT starts_on FROM academic_years").first!
        return School(
            server: server, deputy: try server.client("deputy"), year: school["years"]![0]!,
            families: school["families"]!, first: first)
    }

    private let school: School

    init() async throws { school = try await Self.making.value }

    /// P2: the coverage of all sections at once is that of each section.
    @Test func p2_theCoverageOfAllSectionsIsThatOfEach() throws {
        let owner = try school.server.owner()
        try owner.execute("SET lyceum.today = '\(Self.today)'; SET lyceum.time_zone = 'Asia/Yekaterinburg'")
        let counts = try owner.query(
            """
            WITH one AS (
                SELECT s.id AS section_id, lyceum.section_plan(s.school_id, s.id) AS plan_id, sum(p.hours) AS hours,
                    sum(least(p.hours, p.held)) AS given_hours, sum(p.planned_hours) AS planned_hours
                FROM sections s
                LEFT JOIN LATERAL lyceum.plan_progress(
                    s.school_id, s.id, lyceum.section_plan(s.school_id, s.id), $1
                ) p ON true
                GROUP BY s.school_id, s.id
            ), alike AS (
                SELECT y.school_id, c.* FROM academic_years y
                CROSS JOIN LATERAL lyceum.plan_coverage(y.school_id, y.id, $1) c
            )
            SELECT count(*), count(a.plan_id), count(*) FILTER (
                WHERE (a.plan_id, a.hours, a.given_hours, a.planned_hours)
                    IS DISTINCT FROM (o.plan_id, o.hours, o.given_hours, o.planned_hours)
            )
            FROM one o
            LEFT JOIN alike a ON a.section_id = o.section_id
            """, [Self.yesterday]
        ).rows[0].map { Int($0 ?? "") ?? -1 }
        #expect(counts[0] > 100 && counts[1] > 50 && counts[2] == 0, "\(counts)")
    }

    private func report(_ name: String, _ query: String? = nil) throws -> JSONValue {
        let period = query ?? "from=\(school.first)&to=\(Self.yesterday)"
        let answer = try school.deputy.get("/v1/reports/\(name)?\(period)")
        try #require(answer.status == 200, "\(answer.text.prefix(2000))")
        return try JSONValue(parsing: answer.body, limits: JSONLimits(size: 16 << 20, values: 2_000_000))
    }

    /// Each row as a line, sorted.
    private func compare(
        _ told: [String], _ found: [String], _ location: SourceLocation = #_sourceLocation
    ) {
        let (missing, invented) = (Set(told).subtracting(found).sorted(), Set(found).subtracting(told).sorted())
        #expect(
            missing.isEmpty && invented.isEmpty, "not found: \(missing); not true: \(invented)",
            sourceLocation: location)
        #expect(told.count == found.count, sourceLocation: location)
        #expect(!told.isEmpty, "there is nothing to compare", sourceLocation: location)
    }

    private func count(_ row: JSONValue, _ name: String) -> Int { row[name]?.array.count ?? 0 }

    @Test func l4TeachersAreThoseOfTheTruth() throws {
        let told = school.year["teachers"]!.array.map { row in
            """
            \(row["teacher_id"]!.string!) \(row["due_lessons"]!.int!) \
            \(row["due_lessons"]!.int! - count(row, "without_topic")) \(row["homework_lessons"]!.int!) \
            \(row["homework_lessons"]!.int! - count(row, "without_homework")) \
            \(row["due_lessons"]!.int! - count(row, "without_roll")) \(row["days"]!.int!) \(row["complete_days"]!.int!)
            """
        }
        let found = try report("journal-control")["teachers"]!.array.filter { $0["due_lessons"]!.int! > 0 }.map { row in
            let counts = [
                "due_lessons", "with_topic", "homework_lessons", "with_homework", "with_roll", "days", "complete_days",
            ]
            return ([row["teacher"]!["id"]!.string!] + counts.map { "\(row[$0]!.int!)" }).joined(separator: " ")
        }
        compare(told, found)
    }

    @Test func l4WhoWroteNothingReadsZeroPercent() throws {
        let silent = school.year["wrote_nothing"]!.array.compactMap { $0.string }
        let teachers = try report("journal-control")["teachers"]!.array
        try #require(!silent.isEmpty)
        for id in silent {
            let row = try #require(teachers.first { $0["teacher"]?["id"]?.string == id })
            #expect(row["due_lessons"]!.int! > 0)
            #expect(row["topic_percent"] == .number("0.0"))
            #expect(row["roll_percent"] == .number("0.0"))
            #expect(row["participation_percent"] == .number("0.0"))
        }
    }

    @Test func classesAreThoseOfTheTruth() throws {
        let told = school.year["classes"]!.array.map { row in
            """
            \(row["class_id"]!.string!) \(row["due_lessons"]!.int!) \
            \(row["due_lessons"]!.int! - row["without_topic"]!.int!) \(row["homework_lessons"]!.int!) \
            \(row["homework_lessons"]!.int! - row["without_homework"]!.int!) \
            \(row["due_lessons"]!.int! - row["without_roll"]!.int!)
            """
        }
        let found = try report("journal-control")["classes"]!.array.map { row in
            let counts = ["due_lessons", "with_topic", "homework_lessons", "with_homework", "with_roll"]
            return ([row["class"]!["id"]!.string!] + counts.map { "\(row[$0]!.int!)" }).joined(separator: " ")
        }
        compare(told, found)
    }

    @Test func familiesAreThoseOfTheTruth() throws {
        let figures = try report("journal-control")["school_figures"]!
        #expect(figures["guardians"] == school.families["guardians_with_access"])
        let inactive = school.families["never_activated"]!.array.count
        #expect(figures["guardians"]!.int! - figures["guardians_activated"]!.int! == inactive)
        #expect(inactive > 0)
    }

    /// The rows of the sections that a term of the truth has; a term has the grade levels that it serves.
    private func bySection(
        _ key: String, _ lines: (_ row: JSONValue) -> [String]
    ) -> [String: [String]] {
        var found: [String: [String]] = [:]
        for row in school.year[key]!.array { found[row["term_id"]!.string!, default: []] += lines(row) }
        return found
    }

    /// The grade levels of a term, as ids of sections.
    private func sections(of term: String) throws -> Set<String> {
        Set(
            try school.server.owner().query(
                """
                SELECT s.id FROM terms t JOIN groups g ON g.grade_level = ANY (t.grade_levels)
                JOIN sections s ON s.group_id = g.id WHERE t.id = $1
                """, [term]
            ).rows.compactMap { $0[0] })
    }

    private func days(of term: String) throws -> String {
        let row = try school.server.owner().query(
            "SELECT starts_on, least(ends_on, $2::date) FROM terms WHERE id = $1", [term, Self.yesterday]
        ).rows[0]
        return "from=\(row[0]!)&to=\(row[1]!)"
    }

    @Test func studentsWithNoMarkAndWithOneAreThoseOfTheTruth() throws {
        let told = bySection("section_terms") { row in
            [("without_mark", 0), ("with_one_mark", 1)].flatMap { key, marks in
                row[key]!.array.map { "\(row["section_id"]!.string!) \($0.string!) \(marks)" }
            }
        }
        for (term, lines) in told where !lines.isEmpty {
            let sections = try sections(of: term)
            let found = try report("journal-control", days(of: term))["students"]!.array.filter {
                sections.contains($0["section"]!["id"]!.string!)
            }.map { "\($0["section"]!["id"]!.string!) \($0["student"]!["id"]!.string!) \($0["marks"]!.int!)" }
            compare(lines, found)
        }
        #expect(told.values.contains { !$0.isEmpty })
    }

    @Test func sectionsShortOfMarksAreThoseOfTheTruth() throws {
        let told = bySection("sparse_sections") { row in
            ["\(row["section_id"]!.string!) \(row["students"]!.int!) \(row["marks"]!.int!)"]
        }
        for (term, lines) in told {
            let sections = try sections(of: term)
            let found = try report("anomalies", days(of: term))["sparse_sections"]!.array.filter {
                sections.contains($0["section"]!["id"]!.string!)
            }.map { "\($0["section"]!["id"]!.string!) \($0["seats"]!.int!) \($0["marks"]!.int!)" }
            compare(lines, found)
        }
        #expect(!told.isEmpty)
    }

    @Test func marksWithAnAbsenceAreThoseOfTheTruth() throws {
        let told = school.year["marks_with_absence"]!.array.map {
            "\($0["mark_id"]!.string!) \($0["lesson_id"]!.string!) \($0["student_id"]!.string!) \($0["made_up"]!.bool!)"
        }
        let found = try report("anomalies")["marks_with_absence"]!.array.map {
            "\($0["id"]!.string!) \($0["lesson"]!["id"]!.string!) \($0["student"]!["id"]!.string!) \($0["is_made_up"]!.bool!)"
        }
        compare(told, found)
    }

    @Test func incompleteLessonsAreThoseOfTheTruth() throws {
        let rows = try report("anomalies")["incomplete_lessons"]!.array
        for (key, flag) in [
            ("without_topic", "lacks_topic"), ("without_homework", "lacks_homework"), ("without_roll", "lacks_roll"),
        ] {
            let told = school.year["teachers"]!.array.flatMap { $0[key]!.array.compactMap { $0.string } }
            compare(told, rows.filter { $0[flag]!.bool! }.map { $0["lesson"]!["id"]!.string! })
        }
    }

    @Test func lateEntriesAreThoseOfTheTruth() throws {
        let rows = try report("anomalies")["late_lessons"]!.array
        compare(
            school.year["late_entries"]!["topics"]!.array.compactMap { $0.string },
            rows.filter { $0["is_late_topic"]!.bool! }.map { $0["lesson"]!["id"]!.string! })
        let marks = school.year["late_entries"]!["marks"]!.array.compactMap { $0.string }
        let told = try school.server.owner().query(
            """
            SELECT i.lesson_id || ' ' || count(*)
            FROM unnest($1::uuid[]) m (id) JOIN marks k ON k.id = m.id JOIN line_items i ON i.id = k.line_item_id
            GROUP BY i.lesson_id
            """, ["{\(marks.joined(separator: ","))}"]
        ).rows.compactMap { $0[0] }
        compare(
            told,
            rows.filter { $0["late_marks"]!.int! > 0 }.map {
                "\($0["lesson"]!["id"]!.string!) \($0["late_marks"]!.int!)"
            })
    }

    @Test func finalsAreThoseOfTheTruth() throws {
        let anomalies = try report("anomalies")
        let terms = school.year["section_terms"]!.array
        compare(
            terms.flatMap { row in
                row["far_from_average"]!.array.map { "\($0["final_mark_id"]!.string!) \($0["number"]!.int!)" }
            },
            anomalies["far_finals"]!.array.map { "\($0["id"]!.string!) \($0["number"]!.int!)" })
        compare(
            terms.flatMap { row in
                row["missing_finals"]!.array.map {
                    "\(row["section_id"]!.string!) \(row["term_id"]!.string!) \($0.string!)"
                }
            },
            anomalies["missing_finals"]!.array.map {
                "\($0["section"]!["id"]!.string!) \($0["term"]!["id"]!.string!) \($0["student"]!["id"]!.string!)"
            })
    }

    /// The figures of the report are as many as its rows.
    @Test func countsOfAnomaliesAreThoseOfTheTables() throws {
        let anomalies = try report("anomalies")
        let counts = anomalies["counts"]!
        for key in ["incomplete_lessons", "late_lessons", "sparse_sections", "far_finals", "missing_finals"] {
            #expect(counts[key]!.int! == anomalies[key]!.array.count, "\(key)")
        }
        #expect(
            counts["marks_with_absence"]!.int!
                == anomalies["marks_with_absence"]!.array.filter { !$0["is_made_up"]!.bool! }.count)
    }

    /// P2: all sections at once are what each section says.
    @Test func p2CoverageIsThatOfEachSection() throws {
        let sections = try report("plan-coverage", "date=\(Self.yesterday)")["sections"]!.array
        try #require(sections.count > 100)
        for row in sections.enumerated().filter({ $0.offset % 20 == 0 }).map({ $0.element }) {
            let id = row["section"]!["id"]!.string!
            let one = try school.deputy.get("/v1/sections/\(id)/coverage?date=\(Self.yesterday)").json
            #expect(row["given_hours"] == one["given_hours"] && row["planned_hours"] == one["planned_hours"], "\(id)")
            #expect(row["due_lessons"] == one["due_lessons"] && row["held_lessons"] == one["held_lessons"], "\(id)")
        }
    }

    /// A snapshot shows in all forms what the report showed, also after the journal was completed.
    @Test func aSnapshotStaysAsItWas() throws {
        let days = (school.first, "2026-10-01")
        let before = try report("journal-control", "from=\(days.0)&to=\(days.1)")
        let made = try school.deputy.post(
            "/v1/control-snapshots", json: #"{"starts_on": "\#(days.0)", "ends_on": "\#(days.1)"}"#)
        try #require(made.status == 201, "\(made.text)")
        #expect(made.json["kind"]?.string == "manual" && made.json["taken_by"]?.string != nil)
        let id = made.json["id"]!.string!
        let owner = try school.server.owner()
        let lesson = try owner.query(
            "SELECT id FROM lessons WHERE date BETWEEN $1 AND $2 AND topic IS NULL AND state = 'held' LIMIT 1",
            [days.0, days.1]
        ).first!
        // The term is closed (M4).
        func write(_ topic: String) throws {
            try owner.execute(
                """
                ALTER TABLE lessons DISABLE TRIGGER USER; UPDATE lessons SET topic = \(topic) WHERE id = '\(lesson)';
                ALTER TABLE lessons ENABLE TRIGGER USER;
                """)
        }
        try write("'Дописано'")
        defer { try? write("NULL") }
        let after = try report("journal-control", "from=\(days.0)&to=\(days.1)")
        let kept = try report("journal-control", "snapshot_id=\(id)")
        #expect(kept["snapshot"] == nil && kept["period"]?["snapshot"]?["id"]?.string == id)
        for key in ["teachers", "classes", "students", "school_figures"] {
            #expect(kept[key] == before[key], "\(key)")
        }
        #expect(after["school_figures"] != before["school_figures"])
        for format in ["csv", "html"] {
            let answer = try school.deputy.get("/v1/reports/journal-control?snapshot_id=\(id)&format=\(format)")
            #expect(answer.status == 200 && answer.text.contains("Темы, %"))
        }
        #expect(
            try school.deputy.get("/v1/reports/journal-control?snapshot_id=\(id)&from=2026-09-01&to=2026-09-02").status
                == 400)
    }
}
