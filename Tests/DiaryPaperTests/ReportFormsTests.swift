import DiaryTestSupport
import JSON
import Postgres
import Testing

/// The forms of reports, with the register of a class of the demo school.
@Suite(.serialized) struct ReportFormsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
    }

    private var path: String { "/v1/reports/class-register?class_id=\(ids.class7A)" }

    /// The cells of a student in JSON are those of the same row in CSV.
    @Test func csvHasTheCellsOfJSON() throws {
        let json = try teacher.get(path).json
        let columns = json["columns"]?.array ?? []
        let students = json["students"]?.array ?? []
        try #require(students.count > 20 && columns.count > 10)
        let lines = try teacher.get(path + "&format=csv").text.components(by: "\r\n")
        #expect(lines.count == students.count + 2 && lines.last == "")
        // Number and name before the marks; average, days and lessons missed, and the day of leaving after them.
        #expect(lines[0].components(by: ",").count == columns.count + 6)
        for (line, student) in zip(lines[1...], students) {
            let values = columns.map { column in
                let cell = student["cells"]?.array.first {
                    $0["subject_id"] == column["subject"]?["id"] ?? .null && $0["kind"] == column["kind"]
                        && $0["term_id"] == column["term"]?["id"] ?? .null
                }
                return cell?["value"]?["number"]?.int.map { String($0) } ?? (cell == nil ? "" : "code")
            }
            let fields = line.components(by: ",")[2..<(columns.count + 2)].map {
                Int($0) == nil && !$0.isEmpty ? "code" : $0
            }
            #expect(Array(fields) == values)
        }
    }

    @Test func byteOrderMarkIsAnOption() throws {
        #expect(try teacher.get(path + "&format=csv").body.first != 0xEF)
        #expect(try Array(teacher.get(path + "&format=csv&bom=true").body.prefix(3)) == [0xEF, 0xBB, 0xBF])
    }

    @Test func acceptChoosesTheForm() throws {
        let html = try teacher.get(path, headers: [("Accept", "text/html")])
        #expect(html["Content-Type"] == "text/html; charset=utf-8")
        #expect(html.text.contains("<h1>Сводная ведомость успеваемости</h1>"))
        #expect(try teacher.get(path, headers: [("Accept", "text/csv")])["Content-Type"]?.hasPrefix("text/csv") == true)
        let refused = try teacher.get(path, headers: [("Accept", "image/png")])
        #expect(refused.status == 406 && refused.code == "not_acceptable")
    }

    @Test func unknownTablesAndParametersAreNamed() throws {
        let table = try teacher.get(path + "&format=csv&table=pupils")
        #expect(table.status == 400 && table.json["errors"]?[0]?["pointer"]?.string == "/query/table")
        #expect(try teacher.get("/v1/reports/class-register").json["errors"]?[0]?["code"]?.string == "required")
        #expect(try teacher.get(path + "&colour=red").code == "unknown_parameter")
    }

    /// An empty report about a mistyped id would look like good news.
    @Test func whatAParameterNamesHasToBeThere() throws {
        let deputy = try server.client("deputy")
        for query in [
            "anomalies?teacher_id=", "anomalies?class_id=", "anomalies?section_id=", "homework-load?class_id=",
            "plan-coverage?class_id=", "plan-coverage?teacher_id=", "informing-families?class_id=",
            "section-results?section_id=",
        ] {
            // The id of a student.
            let answer = try deputy.get("/v1/reports/\(query)\(ids.child)")
            #expect(answer.status == 404, "\(query)")
        }
        #expect(try deputy.get("/v1/reports/homework-load?class_id=\(ids.class7A)").status == 200)
    }

    @Test func jsonHasATagThatTheMomentDoesNotChange() throws {
        let answer = try teacher.get(path)
        let tag = try #require(answer["ETag"])
        #expect(try teacher.get(path, headers: [("If-None-Match", tag)]).status == 304)
    }

    @Test func theCatalogueHasWhatTheCallerMayRead() throws {
        func names(_ login: String) throws -> [String] {
            try server.client(login).get("/v1/reports").json["items"]?.array.compactMap { $0["name"]?.string } ?? []
        }
        #expect(try names("deputy").contains("plan-base"))
        #expect(try !names("teacher").contains("plan-base") && names("teacher").contains("class-register"))
        #expect(try !names("parent").contains("class-register"))
    }

    /// M9: works of a single student are for staff; an integration with `school.read` alone gets none. The catalogue has
    /// what an integration may read.
    @Test func M9_integrationsSeeNoWorksOfASingleStudent() throws {
        let owner = try server.owner()
        try owner.execute("SET lyceum.today = '2025-11-12'; SET lyceum.school_id = '\(ids.school)'")
        try owner.query(
            """
            WITH y AS (SELECT id FROM academic_years WHERE school_id = $1 AND starts_on = '2025-09-01'), g AS (
                INSERT INTO groups (school_id, id, academic_year_id, kind, name, grade_level)
                SELECT $1, gen_random_uuid(), y.id, 'individual', 'На дому: Белов', 7 FROM y RETURNING id
            ), s AS (
                INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, kind, grading, name, hours_per_week)
                SELECT $1, gen_random_uuid(), y.id, (SELECT id FROM subjects WHERE school_id = $1 LIMIT 1), g.id, 'curricular',
                    'marks', 'На дому', 4
                FROM y, g RETURNING id
            ), l AS (
                INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at, state)
                SELECT $1, gen_random_uuid(), s.id, '2025-11-12', 3, '9:40', '10:20', 'held' FROM s RETURNING id, section_id
            )
            INSERT INTO line_items (school_id, id, lesson_id, section_id, category_id, title)
            SELECT $1, gen_random_uuid(), l.id, l.section_id,
                (SELECT id FROM categories WHERE school_id = $1 AND is_control LIMIT 1), 'К/р Белов'
            FROM l
            """, [String(ids.school)])
        let program = try AppSchool(server).program("Reports", ["school.read"])
        func seesIt(_ client: TestClient) throws -> Bool {
            let answer = try client.get("/v1/reports/assessment-schedule?from=2025-11-12&to=2025-11-12")
            try #require(answer.status == 200, "\(answer.text)")
            return answer.text.contains("К/р Белов")
        }
        #expect(try seesIt(server.client("deputy")) && !seesIt(server.client("parent")) && !seesIt(program))
        #expect(
            try program.get("/v1/reports").json["items"]?.array.map { $0["name"]?.string } == ["assessment-schedule"])
    }
}

extension String {
    fileprivate func components(by separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
    }
}
