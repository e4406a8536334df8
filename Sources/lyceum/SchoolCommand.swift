import ArgumentParser
import DiarySchool
import Postgres

struct SchoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "school",
        abstract: "Create schools, and list them.",
        discussion: """
            Connects as the owner of the database (LYCEUM_OWNER_DATABASE_URL), which has to be migrated (`lyceum migrate \
            up`).

            EXAMPLES:
              lyceum school create lyceum29 --name 'Лицей № 29' --time-zone Asia/Yekaterinburg --template ru
              lyceum school list

            EXIT CODES:
              0   done
              2   refused: the code is taken, there is no such time zone, or the schema is not the one that this program \
            needs
              3   the database can't be reached, or a statement failed
              64  wrong use of the command line, such as a malformed code
              78  a setting is missing or wrong
            """,
        subcommands: [Create.self, List.self])
}

extension SchoolCommand {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a school.",
            discussion: """
                It is one transaction: the school is created completely or not at all. Without a template it has only \
                its settings.

                The template ru fills in what most Russian schools have, to be changed where this one differs: the \
                academic year (1 September to 31 May) with quarters for grades 1 to 9, half-years for grades 10 and 11, \
                and holidays; bell schedules of two shifts and of grade 1; the subjects of the federal curriculum; \
                categories of work with their weights; the labels of attendance and of marks.

                EXAMPLES:
                  lyceum school create lyceum29 --name 'Лицей № 29' --time-zone Asia/Yekaterinburg --template ru
                  lyceum school create gymnasium-3 --name 'Гимназия № 3' --time-zone Europe/Moscow \\
                      --template ru --year 2027
                  lyceum school create branch --name 'Филиал' --time-zone Europe/Samara --json

                EXIT CODES:
                  0   done
                  2   refused: the code is taken, there is no such time zone, or the schema is not the one that this \
                program needs
                  3   the database can't be reached, or a statement failed
                  64  wrong use of the command line, such as a malformed code
                  78  a setting is missing or wrong
                """)

        @Argument(
            help: "The code for sign-in: lower-case letters, digits and -, at most 63. It can't be changed.")
        var code: String

        @Option(help: "The school's full name.")
        var name: String

        @Option(
            help: ArgumentHelp("The time zone of the school's dates, such as Europe/Moscow.", valueName: "zone"))
        var timeZone: String

        @Option(help: "The template that fills the school: ru.")
        var template: NewSchool.Template?

        @Option(
            help: ArgumentHelp(
                "The year in which the template's academic year begins. Default: the current one, from June the next.",
                valueName: "year"))
        var year: Int?

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var settings: SettingsOptions

        func validate() throws {
            guard NewSchool.isCode(code) else {
                throw ValidationError(
                    "A code must be 1 to 63 lower-case letters (a-z), digits and -, and must not begin with -.")
            }
            guard isName(name) else { throw ValidationError("--name must be one line of at most 200 characters.") }
            if let year {
                guard template != nil else { throw ValidationError("--year needs a template: add --template ru.") }
                guard NewSchool.years.contains(year) else {
                    throw ValidationError(
                        "--year must be between \(NewSchool.years.lowerBound) and \(NewSchool.years.upperBound).")
                }
            }
        }

        func run() async throws {
            try await reportingErrors {
                let school = NewSchool(code: code, name: name, timeZone: timeZone, template: template, year: year)
                try show(school.open(await settings.load().ownerConnection()))
            }
        }

        private func show(_ opened: NewSchool.Opened) throws {
            if json {
                try printJSON(
                    Document(
                        code: code, name: name, timeZone: timeZone, academicYear: opened.academicYear,
                        rows: Dictionary(uniqueKeysWithValues: opened.rows.map { ($0.table, $0.rows) })))
                return
            }
            print("\(name) is open. Its code is \(code).")
            if let year = opened.academicYear {
                print("Academic year \(year.name), \(year.startsOn) to \(year.endsOn).\n")
                printTable([["TABLE", "ROWS"]] + opened.rows.map { [$0.table, String($0.rows)] })
            }
            print("\nNext: lyceum user create --school \(code) --role administrator --last-name … --first-name …")
        }

        private struct Document: Encodable {
            let code: String
            let name: String
            let timeZone: String
            let academicYear: NewSchool.AcademicYear?
            let rows: [String: Int]

            enum CodingKeys: String, CodingKey {
                case code, name, rows
                case timeZone = "time_zone"
                case academicYear = "academic_year"
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the schools in the database.",
            discussion: """
                Sorted by code, with the current academic year of each.

                EXAMPLES:
                  lyceum school list
                  lyceum school list --json

                EXIT CODES: 0 printed, also when there are none, 2 the schema is not the one that this program needs, 3 no \
                database, 78 a setting is missing or wrong
                """)

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var settings: SettingsOptions

        func run() async throws {
            try await reportingErrors {
                let schools = try SchoolList.read(await settings.load().ownerConnection())
                if json {
                    try printJSON(["schools": schools])
                } else if schools.isEmpty {
                    print("There are no schools yet: `lyceum school create` creates one.")
                } else {
                    printTable(
                        [["CODE", "NAME", "TIME ZONE", "YEAR", "PEOPLE", "STATE"]]
                            + schools.map {
                                [
                                    $0.code, $0.name, $0.timeZone, $0.academicYear ?? "-", String($0.people),
                                    $0.closedAt == nil ? "open" : "closed",
                                ]
                            })
                }
            }
        }
    }
}

extension NewSchool.Template: ExpressibleByArgument {}

/// Whether a text can be a name: one line that is not blank.
func isName(_ text: String) -> Bool {
    text.unicodeScalars.count <= 200 && text.contains { !$0.isWhitespace }
        && !text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
}
