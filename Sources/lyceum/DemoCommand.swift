import ArgumentParser
import DiaryDemo
import FoundationEssentials
import Glibc
import Postgres

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Fill an empty database with a demo school.",
        discussion: """
            Creates «Лицей № 29» (code lyceum29) with this academic year and the one before: people, timetable, plans, \
            lessons up to today with topics, homework, marks and attendance, and the final marks of past terms. Connects as the owner \
            of the database (LYCEUM_OWNER_DATABASE_URL). The same seed and day give the same school. All people and \
            events are invented.

            Logins: admin, head, deputy, teacher (of mathematics, class teacher of 7А), parent (of a child in 7А and one \
            in 1А), student (in 7А). The password of all is lyceum-demo, so never use this on a database that strangers \
            can reach.

            EXAMPLES:
              lyceum demo
              lyceum demo --today 2026-11-23 --seed 7
              lyceum demo --schools 10 --students 700 --years 3 --json
              lyceum demo --truth truth.json

            EXIT CODES:
              0   done
              2   refused: the database already holds a school, its schema is not the one that this program needs, or the
                  file for --truth can't be written
              3   the database can't be reached, or a statement failed
              64  wrong use of the command line
              78  a setting is missing or wrong
            """)

    @OptionGroup var settings: SettingsOptions

    @Option(help: "Another seed gives different people, timetable and marks.")
    var seed: UInt64 = 29

    @Option(
        help: ArgumentHelp(
            "The day up to which lessons have been held. Default: today in Yekaterinburg.", valueName: "YYYY-MM-DD"))
    var today: String?

    @Option(help: ArgumentHelp("The number of schools: lyceum29, lyceum30 …", valueName: "n"))
    var schools = 1

    @Option(help: ArgumentHelp("Students in each school; classes are added as needed.", valueName: "n"))
    var students = 550

    @Option(help: ArgumentHelp("Academic years in each school; all but the last are closed.", valueName: "n"))
    var years = 2

    @Option(
        help: ArgumentHelp(
            "Write to this file, as JSON, what the reports have to find: badly kept journals, a class at risk, a wave of "
                + "illness, students without marks and more.", valueName: "file"))
    var truth: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard schools >= 1 else { throw ValidationError("--schools must be at least 1.") }
        guard Demo.studentCounts.contains(students) else {
            throw ValidationError("--students must be \(said(Demo.studentCounts)).")
        }
        guard Demo.yearCounts.contains(years) else {
            throw ValidationError("--years must be \(said(Demo.yearCounts)).")
        }
    }

    func run() async throws {
        try await reportingErrors {
            let url = try await settings.load().requireOwnerDatabaseURL()
            let today = today ?? Demo.day(secondsSince1970: time(nil))
            let demo = Demo(seed: seed, today: today, schools: schools, students: students, years: years)
            // A file that can't be written is found before the database is filled.
            if let truth { try write([], to: truth) }
            let counts: [(table: String, rows: Int)]
            var found = Demo.Truth(demo)
            do {
                counts = try demo.fill(
                    BlockingConnection(url: url), truth: truth == nil ? nil : { found.schools.append($0) },
                    progress: showsProgress ? { complain($0) } : { _ in })
            } catch let failure as Demo.Failure {
                complain(failure.description)
                throw Exit.refused
            }
            if let truth { try write(found.json(), to: truth) }
            try show(counts, today: today)
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(filePath: path))
        } catch {
            complain("Can't write \(path).")
            throw Exit.refused
        }
    }

    private func show(_ counts: [(table: String, rows: Int)], today: String) throws {
        if json {
            try printJSON(
                Document(
                    seed: seed, today: today, logins: Demo.logins, password: Demo.password,
                    rows: Dictionary(uniqueKeysWithValues: counts.map { ($0.table, $0.rows) })))
            return
        }
        printTable([["TABLE", "ROWS"]] + counts.map { [$0.table, String($0.rows)] })
        print("\nToday is \(today). Logins: \(Demo.logins.joined(separator: ", ")); password: \(Demo.password)")
    }

    private var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }

    private func said(_ range: ClosedRange<Int>) -> String { "between \(range.lowerBound) and \(range.upperBound)" }

    private struct Document: Encodable {
        let seed: UInt64
        let today: String
        let logins: [String]
        let password: String
        let rows: [String: Int]
    }
}
