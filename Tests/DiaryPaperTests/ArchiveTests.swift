import Diary
import DiaryPaper
import DiaryTestSupport
import Foundation
import Postgres
import TestSupport
import Testing
import Web

/// The documents of an archive, read as the owner of the database: they are what heads read over the API.
@Suite struct ArchiveTests {
    private static func html() throws -> HTMLForm {
        func file(_ name: String) throws -> String {
            try String(contentsOfFile: "\(TestDatabase.repository)/Templates/reports/\(name)", encoding: .utf8)
        }
        return try HTMLForm(page: file("report.mustache"), style: file("report.css"))
    }

    /// Everything of the archive, by path.
    private func read(
        _ school: ReportSchool, year: Int = 2025
    ) throws -> (pages: [String: String], csv: [String: String]) {
        let connection = try BlockingConnection(url: school.server.database.ownerURL)
        try connection.execute("SET lyceum.today = '\(school.today)'")
        let snapshot = try OwnerSnapshot(
            connection, recorder: BlockingConnection(url: school.server.database.ownerURL), school: "reports",
            reason: "a test")
        let html = try Self.html()
        var pages: [String: String] = [:]
        var csv: [String: String] = [:]
        try snapshot.read { _ in
            let plan = try ArchivePlan(ArchiveYear(year, in: snapshot), in: snapshot, .russian)
            for document in plan.documents {
                let content = try document.read(in: snapshot, html, .russian)
                pages[document.name] = String(decoding: content.page, as: UTF8.self)
                for table in content.tables { csv[table.path] = String(decoding: table.content, as: UTF8.self) }
            }
        }
        return (pages, csv)
    }

    private func madeSchool() async throws -> ResultsSchool {
        let results = try await ResultsSchool()
        let school = results.school
        try results.addAbsences()
        let lesson = try school.lesson(results.algebra, "2025-09-02", topic: "Степень с целым показателем")
        try school.mark(results.students["Аверина"]!, at: lesson, .number(5))
        // Heads see it (M12).
        try school.mark(results.students["Белов"]!, at: lesson, .number(3), isHeldBack: true)
        return results
    }

    @Test func itsTablesAreThoseOfTheAPI() async throws {
        let results = try await madeSchool()
        let school = results.school
        let term = try school.term(1)
        let csv = try read(school).csv
        let own = "class_id=\(results.class7A)"
        for (path, report) in [
            ("classes/7a/register-students", "class-register?\(own)"),
            ("classes/7a/results-quarter-1-groups", "class-results?\(own)&term_id=\(term)"),
            ("classes/7a/results-year-students", "class-results?\(own)&kind=year&table=students"),
            ("classes/7a/attendance-quarter-1-students", "attendance?\(own)&term_id=\(term)"),
            (
                "journals/7a/algebra-quarter-1-students",
                "journal-page?section_id=\(results.algebra)&term_id=\(term)"
            ),
            (
                "journals/7a/algebra-quarter-1-lessons",
                "journal-page?section_id=\(results.algebra)&term_id=\(term)&table=lessons"
            ),
            ("teachers/sokolova-imya-sections", "section-results?teacher_id=\(results.sokolova)"),
            ("school/results-rows", "school-results"),
            ("school/journal-control-quarter-1-teachers", "journal-control?term_id=\(term)"),
            ("school/movement-students", "movement?from=2025-09-01&to=2026-05-31&table=students"),
        ] {
            let answer = try school.deputy.get(
                "/v1/reports/\(report)\(report.contains("?") ? "&" : "?")format=csv",
                headers: [("Accept-Language", "ru")])
            try #require(answer.status == 200, "\(report): \(answer.text)")
            #expect(csv[path + ".csv"] == answer.text, "\(path)")
        }
        let marks = try #require(csv["journals/7a/algebra-quarter-1-students.csv"])
        let line = marks.split(separator: "\r\n").first { $0.contains("Белов\u{A0}И.") }
        #expect(line?.contains(",3,") == true, "the mark that is held back: \(marks)")
    }

    @Test func aPageHasAllTermsAndAllStudents() async throws {
        let school = try await madeSchool().school
        try school.order("7-у", kind: "other", issued: "2025-10-01", text: "Об итогах четверти")
        let (pages, csv) = try read(school)
        // Three quarters have begun by 20 January.
        let journal = try #require(pages["journals/7a/algebra"])
        #expect(journal.components(separatedBy: "<article>").count == 4)
        #expect(journal.contains("Степень с целым показателем") && journal.contains("<title>Журнал, Алгебра"))
        let cards = try #require(pages["classes/7a/report-cards"])
        #expect(cards.components(separatedBy: "<article>").count == 10, "nine students, the leaver among them")
        #expect(!csv.keys.contains { $0.hasPrefix("classes/7a/report-cards") })
        #expect(pages["orders/2025-10-01-7-u"]?.contains("Об итогах четверти") == true)
        #expect(pages["classes/1a/register"]?.contains("Первоклассник") == true)
        #expect(pages["classes/7a/certificates"] == nil)
    }

    /// The same data give the same bytes, and another school in the database changes nothing: row-level security does not
    /// bind the owner.
    @Test func onlyTheSchoolItself() async throws {
        let school = try await madeSchool().school
        let before = try read(school)
        try school.owner.execute("SET lyceum.school_id = ''")
        let other = try school.owner.query(
            "INSERT INTO schools (code, name) VALUES ('other', 'Другая') RETURNING id"
        ).first!
        try school.owner.execute("SET lyceum.school_id = '\(other)'")
        for table in [
            "users", "user_roles", "staff", "students", "subjects", "academic_years", "terms", "groups", "classes",
            "class_teachers", "enrollments", "group_members", "sections", "section_teachers", "lessons", "line_items",
            "marks",
            "attendance", "final_marks", "orders",
        ] { try copy(table, to: other, school) }
        let copied = try school.owner.query("SELECT count(*) FROM marks WHERE school_id = $1", [other]).first
        #expect(copied == "2")
        let after = try read(school)
        #expect(after.csv == before.csv)
        #expect(after.pages.keys.sorted() == before.pages.keys.sorted())
    }

    /// Without triggers: the rows are copied as they are, with the same ids.
    private func copy(_ table: String, to other: String, _ school: ReportSchool) throws {
        let admin = try BlockingConnection(url: school.server.database.superuserURL)
        try admin.execute("SET session_replication_role = replica")
        let columns = try admin.query(
            """
            SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
            FROM pg_attribute a
            WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'school_id'
                AND a.attgenerated = '' AND a.attidentity = ''
            """, [table]
        ).first!
        try admin.query(
            """
            INSERT INTO \(table) (school_id, \(columns)) SELECT \(other), \(columns) FROM \(table) WHERE school_id = $1
            """, [String(school.id)])
    }

    @Test func aYearThatTheSchoolDoesNotHave() async throws {
        let school = try await ReportSchool()
        let unknown = #expect(throws: ArchiveYear.Unknown.self) { try read(school, year: 2019) }
        #expect(unknown?.names == ["2025/2026"])
    }

    /// K2: the movement of students shows profiles; each student is recorded once.
    @Test func readingsOfProfilesAreRecorded() async throws {
        let school = try await madeSchool().school
        _ = try read(school)
        let recorded = try school.owner.query(
            "SELECT count(*), count(DISTINCT entity_id) FROM audit_log WHERE action = 'read' AND reason = 'a test'"
        ).rows[0]
        #expect(recorded[0] == "10" && recorded[1] == "10", "\(recorded)")
    }
}
