import Postgres
import Synchronization
import TestSupport
import Testing

@testable import DiaryDemo

/// What `lyceum demo --truth` names is what the tables hold: for each key a query that follows the formulas, and a
/// change of the tables that makes the key untrue.
@Suite struct DemoTruthTests {
    /// The database lasts as long as this.
    private struct Filled {
        let database: TestDatabase
        var url: String { database.ownerURL }
        let truth: String
        let today: String
        let years: Int
    }

    /// One year in its third quarter, and two years of a small school of which one is closed.
    private static let filled = [
        Result { try fill(Demo(seed: 29, today: "2027-03-01", schools: 1, students: 330, years: 1), years: 1) },
        Result { try fill(Demo(seed: 7, today: "2026-11-29", schools: 1, students: 100, years: 2), years: 2) },
    ]

    private static func fill(_ demo: Demo, years: Int) throws -> Filled {
        let database = try TestDatabase(.migrated)
        var truth = Demo.Truth(demo)
        _ = try demo.fill(BlockingConnection(url: database.ownerURL), truth: { truth.schools.append($0) }) { _ in }
        return Filled(
            database: database, truth: String(decoding: try truth.json(), as: UTF8.self), today: demo.today,
            years: years)
    }

    @Test(arguments: DemoTruthQuery.all) func truthIsWhatTheTablesHold(_ query: DemoTruthQuery) throws {
        for filled in try Self.filled.map({ try $0.get() }) {
            let connection = try BlockingConnection(url: filled.url)
            for year in 0..<filled.years {
                let (told, held) = try both(query, connection, filled, year: year)
                #expect(told == held, "\(query.key) of year \(year): \(told.prefix(3000)) but \(held.prefix(3000))")
            }
        }
    }

    /// The query notices it when rows of the key change.
    @Test(arguments: DemoTruthQuery.all) func aChangedRowIsNoticed(_ query: DemoTruthQuery) throws {
        let filled = try Self.filled[0].get()
        let connection = try BlockingConnection(url: filled.url)
        try connection.execute("BEGIN")
        defer { try? connection.execute("ROLLBACK") }
        let tables = ["lessons", "marks", "final_marks", "attendance", "line_items", "guardianships"]
        for table in tables { try connection.execute("ALTER TABLE \(table) DISABLE TRIGGER USER") }
        let parameters = query.change.contains("$1") ? [try truth(filled, connection)] : []
        let changed = try connection.query(query.change, parameters).affected
        #expect(changed > 0)
        let (told, held) = try both(query, connection, filled, year: 0)
        #expect(told != held, "\(query.key)")
    }

    /// What was planted is there to be found.
    @Test(arguments: [
        "wrote_nothing", "kept_badly", "classes_at_risk", "illness_waves", "control_work_breaches",
        "marks_with_absence", "sparse_sections", "late_entries,topics", "late_entries,marks",
    ])
    func somethingIsToBeFound(_ key: String) throws {
        let filled = try Self.filled[0].get()
        let count = try BlockingConnection(url: filled.url).query(
            "SELECT jsonb_array_length($1::jsonb #> ('{schools,0,years,0,' || $2 || '}')::text[])", [filled.truth, key])
        #expect(Int(count.first ?? "") ?? 0 > 0)
    }

    @Test(arguments: ["without_mark", "with_one_mark", "not_assessed", "missing_finals", "far_from_average"])
    func studentsAreToBeFound(_ key: String) throws {
        let filled = try Self.filled[0].get()
        let count = try BlockingConnection(url: filled.url).query(
            """
            SELECT sum(jsonb_array_length(s -> $2))
            FROM jsonb_array_elements($1::jsonb #> '{schools,0,years,0,section_terms}') s
            """, [filled.truth, key])
        #expect(Int(count.first ?? "") ?? 0 > 0)
    }

    /// M9: the planted pair of works on one day is the only breach.
    @Test func twoControlWorksOnOneDayAreTheOnlyBreach() throws {
        let filled = try Self.filled[0].get()
        let reasons = try BlockingConnection(url: filled.url).query(
            """
            SELECT count(*) || ' with ' || count(*) FILTER (WHERE b -> 'reasons' ? 'another_that_day')
            FROM jsonb_array_elements($1::jsonb #> '{schools,0,years,0,control_work_breaches}') b
            """, [filled.truth])
        #expect(reasons.first == "2 with 2")
    }

    /// The planted values, as text of jsonb.
    private func both(
        _ query: DemoTruthQuery, _ connection: BlockingConnection, _ filled: Filled, year: Int
    ) throws -> (told: String, held: String) {
        let path = query.isOfSchool ? "{schools,0,\(query.key)}" : "{schools,0,years,\(year),\(query.key)}"
        let told = try connection.query("SELECT $1::jsonb #> '\(path)'", [filled.truth]).first
        let id = try connection.query("SELECT $1::jsonb #>> '{schools,0,years,\(year),id}'", [filled.truth]).first
        let parameters = query.isOfSchool ? [filled.today] : [filled.today, id]
        let held = try connection.query(query.sql, parameters).first
        return (try #require(told), try #require(held))
    }

    private func truth(_ filled: Filled, _ connection: BlockingConnection) throws -> String? {
        try connection.query(
            "SELECT $1::jsonb #> '{schools,0,years,0}' || jsonb_build_object('families', $1::jsonb #> '{schools,0,families}')",
            [filled.truth]
        ).first
    }
}
