import ArgumentParser
import Diary
import DiarySignIn
import Postgres

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Give staff their credentials: the first administrator, above all.",
        discussion: """
            Connects as the owner (LYCEUM_OWNER_DATABASE_URL). What is printed is a one-time activation code: with it \
            the person chooses a password. It is shown once, kept as a hash, and expires (14 days, or as the school's \
            settings say). Hand it over in person, and keep it out of logs and of the shell's history.

            EXAMPLES:
              lyceum user create --school lyceum29 --role administrator --last-name Иванова --first-name Мария
              lyceum user reset --school lyceum29 ivanova.mariya --reason 'lost her phone'

            EXIT CODES:
              0   done
              2   refused: no such school or person, the login is taken, the person is not of the staff or blocked, \
            the schema is not this program's
              3   the database can't be reached, or a statement failed
              64  wrong use of the command line
              78  a setting is missing or wrong
            """,
        subcommands: [Create.self, Reset.self])
}

extension UserCommand {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a person of the staff, and a code to begin with.",
            discussion: """
                The login is made of the name (ivanova.mariya) unless it is given. Pupils and guardians get their codes \
                from the class teacher, not from here.

                EXAMPLES:
                  lyceum user create --school lyceum29 --role administrator \\
                      --last-name Иванова --first-name Мария --middle-name Петровна
                  lyceum user create --school lyceum29 --role head --role teacher \\
                      --last-name Орлов --first-name Пётр --login orlov --json

                EXIT CODES:
                  0   done
                  2   refused: no such school, the login is taken, the schema is not this program's
                  3   the database can't be reached, or a statement failed
                  64  wrong use of the command line
                  78  a setting is missing or wrong
                """)

        @Option(help: ArgumentHelp("The school's code.", valueName: "code"))
        var school: String

        @Option(help: "administrator, head, deputy_head or teacher; may be given several times.")
        var role: [StaffAccount.Role]

        @Option(help: ArgumentHelp("As in the passport.", valueName: "name"))
        var lastName: String

        @Option(help: ArgumentHelp("As in the passport.", valueName: "name"))
        var firstName: String

        @Option(help: ArgumentHelp("The patronymic, for who has one.", valueName: "name"))
        var middleName: String?

        @Option(help: "3 to 64 of Latin letters, digits, . _ - @; large and small letters are the same.")
        var login: String?

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var settings: SettingsOptions

        func validate() throws {
            if role.isEmpty { throw ValidationError("--role is missing: what is the person to do?") }
            guard [lastName, firstName, middleName ?? "-"].allSatisfy({ isName($0) }) else {
                throw ValidationError("A name is a line of at most 200 characters.")
            }
            if let login, !StaffAccount.isLogin(login) {
                throw ValidationError(
                    "--login is 3 to 64 of Latin letters, digits, . _ - @, and begins with a letter or digit.")
            }
        }

        func run() async throws {
            try await reportingErrors {
                let account = StaffAccount(try await settings.load().ownerConnection(), school: school)
                let person = StaffAccount.Person(
                    lastName: lastName, firstName: firstName, middleName: middleName, login: login)
                try show(account.create(person, roles: role), school: school, json: json)
            }
        }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a password away, and make a new code.",
            discussion: """
                For a person of the staff who lost the password, or whose password others know. The password is worth \
                nothing from then on, all sessions are ended (an access token that is out still reads for at most 15 \
                minutes, and writes nothing), a code that was not used dies. The reason stands in the audit log.

                A second factor stays, and is asked for with the new password, unless --second-factor takes it away: for \
                an administrator who has lost app and recovery codes, when there is no other one to do it.

                EXAMPLES:
                  lyceum user reset --school lyceum29 ivanova.mariya --reason 'forgot it'
                  lyceum user reset --school lyceum29 ivanova.mariya --reason 'lost her phone' --second-factor
                  lyceum user reset --school lyceum29 ivanova.mariya --reason 'forgot it' --json

                EXIT CODES:
                  0   done
                  2   refused: no such school or person, the person is not of the staff or blocked, the schema is not \
                this program's
                  3   the database can't be reached, or a statement failed
                  64  wrong use of the command line
                  78  a setting is missing or wrong
                """)

        @Option(help: ArgumentHelp("The school's code.", valueName: "code"))
        var school: String

        @Argument(help: "Of whom.")
        var login: String

        @Option(help: "Why, for the audit log.")
        var reason: String

        @Flag(help: "Take the second factor away, too.")
        var secondFactor = false

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var settings: SettingsOptions

        func validate() throws {
            guard isName(reason) else { throw ValidationError("--reason is a line of at most 200 characters.") }
        }

        func run() async throws {
            try await reportingErrors {
                let account = StaffAccount(try await settings.load().ownerConnection(), school: school)
                let issued = try account.reset(login: login, reason: reason, removesSecondFactor: secondFactor)
                try show(issued, school: school, json: json)
            }
        }
    }
}

extension StaffAccount.Role: ExpressibleByArgument {}

private func show(_ issued: StaffAccount.Issued, school: String, json: Bool) throws {
    if json {
        try printJSON(
            IssuedDocument(
                school: school, userID: issued.user, login: issued.login, activationCode: issued.code.shown,
                expiresAt: issued.expiresAt))
        return
    }
    printTable([
        ["School", school], ["Login", issued.login], ["Activation code", issued.code.shown],
        ["Good until", issued.expiresAt],
    ])
    print("\nThe code is shown this once, and works once.")
}

private struct IssuedDocument: Encodable {
    let school: String
    let userID: String
    let login: String
    let activationCode: String
    let expiresAt: String

    enum CodingKeys: String, CodingKey {
        case school, login
        case userID = "user_id"
        case activationCode = "activation_code"
        case expiresAt = "expires_at"
    }
}
