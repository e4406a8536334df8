import Foundation
import Postgres
import TestSupport
import Testing

/// `lyceum school`, run as a process against a database.
@Suite struct SchoolCommandTests {
    private let database: TestDatabase
    private let owner: BlockingConnection

    init() throws {
        database = try TestDatabase(.migrated)
        owner = try BlockingConnection(url: database.ownerURL)
    }

    private func create(
        _ code: String, zone: String = "Asia/Yekaterinburg", _ rest: String..., today: String? = nil
    ) throws -> Executable.Outcome {
        try Executable.run(
            ["school", "create", code, "--name", "Лицей № 29", "--time-zone", zone] + rest, owner: database,
            today: today)
    }

    private func number(_ query: String) throws -> Int { Int(try owner.query(query).first ?? "") ?? -1 }

    private func rows(_ query: String) throws -> [[String?]] { try owner.query(query).rows }

    // MARK: The template

    @Test func templateFillsAYear() throws {
        let outcome = try create("lyceum29", "--template", "ru", "--year", "2026", "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.json["code"] as? String == "lyceum29")
        #expect((outcome.json["academic_year"] as? [String: String])?["name"] == "2026/2027")
        let year = try rows("SELECT name, starts_on, ends_on, second_half_starts_on FROM academic_years")
        #expect(year == [["2026/2027", "2026-09-01", "2027-05-31", "2027-01-11"]])
        #expect(
            try rows("SELECT kind, ordinal, starts_on, ends_on, marks_close_on FROM terms ORDER BY kind, ordinal")
                == [
                    ["quarter", "1", "2026-09-01", "2026-10-23", "2026-10-30"],
                    ["quarter", "2", "2026-11-02", "2026-12-30", "2027-01-06"],
                    ["quarter", "3", "2027-01-11", "2027-03-26", "2027-04-02"],
                    ["quarter", "4", "2027-04-05", "2027-05-31", "2027-06-07"],
                    ["semester", "1", "2026-09-01", "2026-12-30", "2027-01-06"],
                    ["semester", "2", "2027-01-11", "2027-05-31", "2027-06-07"],
                ])
        let inside = "FROM holidays h JOIN academic_years y ON h.starts_on >= y.starts_on AND h.ends_on <= y.ends_on"
        #expect(try number("SELECT count(*) \(inside)") == 9)
        #expect(
            try rows("SELECT name, grade_levels FROM holidays WHERE grade_levels IS NOT NULL")
                == [["Дополнительные каникулы", "{1}"]])
    }

    /// Each school day of each grade level is in a term of that grade level.
    @Test func everySchoolDayHasATerm() throws {
        #expect(try create("lyceum29", "--template", "ru", "--year", "2026").status == 0)
        let days = """
            FROM generate_series(1, 11) g, academic_years y, generate_series(y.starts_on, y.ends_on, '1 day') d
            WHERE extract(isodow FROM d) <= 5 AND NOT EXISTS (
                SELECT FROM holidays h
                WHERE d BETWEEN h.starts_on AND h.ends_on AND (h.grade_levels IS NULL OR g = ANY (h.grade_levels)))
            """
        let term = "EXISTS (SELECT FROM terms t WHERE d BETWEEN t.starts_on AND t.ends_on AND g = ANY (t.grade_levels))"
        #expect(try number("SELECT count(*) \(days) AND \(term)") > 11 * 150)
        #expect(try number("SELECT count(*) \(days) AND NOT \(term)") == 0)
    }

    @Test func everyGradeLevelHasABellSchedule() throws {
        #expect(try create("lyceum29", "--template", "ru").status == 0)
        let shifts = """
            SELECT shift, g, count(*), max(l.ends_at - l.starts_at)
            FROM bell_schedules b JOIN bell_slots l ON l.bell_schedule_id = b.id, unnest(b.grade_levels) g
            """
        let found = try rows("\(shifts) GROUP BY shift, g ORDER BY shift, g")
        #expect(found.filter { $0[0] == "1" }.map { $0[1] } == (1...11).map { String($0) })
        #expect(found.filter { $0[0] == "2" }.map { $0[1] } == (2...11).map { String($0) })
        #expect(found.allSatisfy { $0[3] == "00:40:00" })
        // The sanitary rules: half an hour between the shifts, and no lesson after 19:00.
        let times = """
            SELECT max(ends_at) FILTER (WHERE shift = 1) + interval '30 minutes' <= min(starts_at) FILTER (WHERE shift = 2),
                max(ends_at) <= '19:00'
            FROM bell_schedules b JOIN bell_slots l ON l.bell_schedule_id = b.id
            """
        #expect(try rows(times) == [["t", "t"]])
    }

    @Test func cataloguesAreFilled() throws {
        #expect(try create("lyceum29", "--template", "ru").status == 0)
        #expect(try number("SELECT count(*) FROM subjects WHERE short_name <> '' AND area <> ''") == 31)
        #expect(try rows("SELECT name FROM categories WHERE is_control") == [["Контрольная работа"]])
        #expect(try number("SELECT count(*) FROM categories WHERE weight > 0") == 10)
        #expect(
            try rows("SELECT code, meaning, is_default FROM attendance_codes ORDER BY position")
                == [
                    ["Н", "absent", "t"], ["Б", "ill", "t"], ["УП", "excused", "t"], ["НП", "unexcused", "t"],
                    ["ОП", "late", "t"], ["ОТ", "absent", "f"],
                ])
        #expect(
            try rows("SELECT code_labels ->> 'pass', code_labels ->> 'owed' FROM school_settings") == [
                ["зач", "точка"]
            ])
    }

    @Test func a5OpeningIsInTheAuditLog() throws {
        #expect(try create("lyceum29", "--template", "ru").status == 0)
        #expect(try number("SELECT count(*) FROM audit_log WHERE reason IS DISTINCT FROM 'command line'") == 0)
        #expect(
            try rows("SELECT after ->> 'code', after ->> 'template' FROM audit_log WHERE entity = 'schools'")
                == [["lyceum29", "ru"]])
        #expect(try number("SELECT count(*) FROM audit_log WHERE entity = 'terms'") == 6)
    }

    @Test(arguments: [
        ("2027-05-31", "2026/2027", "open"), ("2027-06-01", "2027/2028", "planned"),
        ("2026-09-01", "2026/2027", "open"), ("2026-08-31", "2026/2027", "planned"),
    ])
    func yearIsTodaysAndFromJuneOnTheNext(today: String, name: String, state: String) throws {
        #expect(try create("lyceum29", "--template", "ru", today: today).status == 0)
        #expect(try rows("SELECT name, state FROM academic_years") == [[name, state]])
    }

    @Test func withoutATemplateThereAreOnlySettings() throws {
        let outcome = try create("lyceum29")
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("lyceum user create --school lyceum29"))
        #expect(try number("SELECT count(*) FROM school_settings") == 1)
        #expect(try number("SELECT count(*) FROM academic_years") == 0)
        #expect(try number("SELECT count(*) FROM subjects") == 0)
    }

    // MARK: Refusals

    @Test func takenCodeIsRefused() throws {
        #expect(try create("lyceum29").status == 0)
        let outcome = try create("lyceum29", "--template", "ru")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("There is already a school lyceum29"))
        #expect(try number("SELECT count(*) FROM schools") == 1)
        #expect(try number("SELECT count(*) FROM subjects") == 0)
    }

    @Test func onlyOneOfTwoConcurrentOpeningsSucceeds() async throws {
        let database = database
        let statuses = try await withThrowingTaskGroup(of: Int32.self) { group in
            for name in ["А", "Б", "В"] {
                group.addTask {
                    try Executable.run(
                        [
                            "school", "create", "lyceum29", "--name", name, "--time-zone", "Europe/Moscow",
                            "--template", "ru",
                        ], owner: database
                    ).status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.sorted() == [0, 2, 2])
        #expect(try number("SELECT count(*) FROM schools") == 1)
        #expect(try number("SELECT count(*) FROM terms") == 6)
    }

    @Test(arguments: ["", "Lyceum", "лицей", "-a", "a b", "a_b", "a\n", String(repeating: "a", count: 64)])
    func malformedCodeIsWrongUse(_ code: String) throws {
        #expect(try create(code).status == 64)
        #expect(try number("SELECT count(*) FROM schools") == 0)
    }

    @Test(arguments: ["0", "a-", "lyceum-29", String(repeating: "a", count: 63)])
    func otherCodesAreAccepted(_ code: String) throws { #expect(try create(code).status == 0) }

    @Test(arguments: ["", "MSK", "Moscow", "europe/moscow", "posix/Europe/Moscow", "UTC+3", "Europe/Atlantis", "+05"])
    func unknownTimeZoneIsRefused(_ zone: String) throws {
        let outcome = try create("lyceum29", zone: zone)
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("is not a time zone"))
        #expect(try number("SELECT count(*) FROM schools") == 0)
    }

    @Test(arguments: [
        ["--name", " ", "--time-zone", "UTC"], ["--name", "a\nb", "--time-zone", "UTC"], ["--name", "Лицей"],
        ["--time-zone", "UTC"], ["--name", "Лицей", "--time-zone", "UTC", "--template", "us"],
        ["--name", "Лицей", "--time-zone", "UTC", "--year", "2026"],
        ["--name", "Лицей", "--time-zone", "UTC", "--template", "ru", "--year", "1999"],
    ])
    func wrongUseChangesNothing(_ arguments: [String]) throws {
        #expect(try Executable.run(["school", "create", "a"] + arguments, owner: database).status == 64)
        #expect(try number("SELECT count(*) FROM schools") == 0)
    }

    @Test func schemaMustBeMigrated() throws {
        let empty = try TestDatabase(.empty)
        let arguments = ["school", "create", "a", "--name", "А", "--time-zone", "UTC"]
        for version in [nil, 3] {
            if let version {
                let migrations = try Migrations.load(directory: TestDatabase.migrations)
                try Migrator(url: empty.ownerURL, migrations).up(to: version)
            }
            let outcome = try Executable.run(arguments, owner: empty)
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("lyceum migrate up"))
        }
    }

    @Test func databaseMustBeReachable() throws {
        let nowhere = ["LYCEUM_OWNER_DATABASE_URL": "postgresql:///nothing?host=/nowhere"]
        #expect(try Executable.run(["school", "list"], environment: nowhere).status == 3)
        let outcome = try Executable.run(["school", "list"])
        #expect(outcome.status == 78)
        #expect(outcome.errors.contains("LYCEUM_OWNER_DATABASE_URL"))
    }

    /// The last table fails, and nothing of the school remains.
    @Test func aFailedOpeningLeavesNothing() throws {
        try owner.execute("ALTER TABLE attendance_codes RENAME COLUMN meaning TO sense")
        let outcome = try create("lyceum29", "--template", "ru")
        #expect(outcome.status == 3)
        for table in ["schools", "school_settings", "terms", "subjects", "audit_log"] {
            #expect(try number("SELECT count(*) FROM \(table)") == 0, "\(table)")
        }
    }

    // MARK: Listing

    @Test func listShowsSchoolsByCode() throws {
        #expect(try Executable.run(["school", "list"], owner: database).output.contains("There are no schools yet"))
        #expect(try create("b").status == 0)
        #expect(try create("a", "--template", "ru").status == 0)
        let text = try Executable.run(["school", "list"], owner: database)
        #expect(text.status == 0)
        #expect(text.output.split(separator: "\n").map { $0.prefix(1) } == ["C", "a", "b"])
        let schools =
            try Executable.run(["school", "list", "--json"], owner: database).json["schools"] as? [[String: Any]]
        #expect(schools?.map { $0["code"] as? String } == ["a", "b"])
        #expect(schools?[0]["time_zone"] as? String == "Asia/Yekaterinburg")
        #expect(schools?[0]["people"] as? Int == 0)
    }
}
