import Diary
import DiaryTestSupport
import Postgres
import Spreadsheet
import TestSupport
import Testing

/// Exports as workbooks: what a sheet cannot hold is refused before anything is read.
@Suite(.serialized) struct ExportSheetTests {
    @Test func moreRowsThanASheetHoldsAreRefused() async throws {
        let server = try await TestServer()
        let owner = try BlockingConnection(url: server.database.superuserURL)
        let school = String(try DemoSchoolIDs(server).school)
        let count = try #require(
            try owner.query("SELECT count(*) FROM subjects WHERE school_id = $1", [school]).first.flatMap { Int($0) })
        try owner.execute("SET session_replication_role = replica")
        // With the head, one row more than there are rows in a sheet.
        try owner.query(
            """
            INSERT INTO subjects (school_id, id, name)
            SELECT $1, ('0198d491-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Предмет ' || n
            FROM generate_series(1, $2::int) n
            """, [school, String(Workbook.maximumRows - count)])
        let deputy = try server.client("deputy")
        let refused = try deputy.get("/v1/exports/subjects?format=xlsx")
        #expect(refused.status == 422 && refused.code == "too_many_rows", "\(refused.text.prefix(300))")
        #expect(try deputy.send("HEAD", "/v1/exports/subjects?format=xlsx").status == 422)
        #expect(try deputy.send("HEAD", "/v1/exports/subjects?format=csv").status == 200)

        try owner.query("DELETE FROM subjects WHERE school_id = $1 AND name = 'Предмет 1'", [school])
        #expect(try deputy.send("HEAD", "/v1/exports/subjects?format=xlsx").status == 200)
    }
}
