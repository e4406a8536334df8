import ArgumentParser
import Diary
import DiarySignIn
import Glibc
import Postgres

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Create staff accounts and activation codes, above all for the first administrator.",
        discussion: """
            Connects as the owner of the database (LYCEUM_OWNER_DATABASE_URL). The commands print a one-time activation \
            code, with which the person chooses a password. It is shown once, stored as a hash, and expires after 14 days \
            or what the school's settings say. Hand it over in person, and keep it out of logs.

            EXAMPLES:
              lyceum user create --school lyceum29 --role administrator --last-name Иванова --first-name Мария
              lyceum user reset --school lyceum29 ivanova.mariya --reason 'lost her phone'

            EXIT CODES:
              0   done
              2   refused: there is no such school or person, the login is taken, the school has a person of this name, \
            the person is not a member of staff or is blocked, or the schema is not the one that this program needs
              3   the database can't be reached, or a statement failed
              64  wrong use of the command line
              78  a setting is missing or wrong
            """,
        subcommands: [Create.self, Reset.self])
}

extension UserCommand {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a member of staff and an activation code.",
            discussion: """
                Without --login, the login is made from the name (ivanova.mariya). Students and guardians get their codes \
                from the class teacher, not from here.

                When the school already has a person of this name, the command asks at a terminal whether this is \
                another person, and refuses elsewhere: --namesake says that it is. For a new code use `user reset`.

                EXAMPLES:
                  lyceum user create --school lyceum29 --role administrator \\
                      --last-name Иванова --first-name Мария --middle-name Петровна
                  lyceum user create --school lyceum29 --role head --role teacher \\
                      --last-name Орлов --first-name Пётр --login orlov --json

                EXIT CODES:
                  0   done
                  2   refused: there is no such school, the login is taken, the school has a person of this name, or the \
                schema is not the one that this program needs
                  3   the database can't be reached, or a statement failed
                  64  wrong use of the command line
                  78  a setting is missing or wrong
                """)

        @Option(help: ArgumentHelp("The school's code.", valueName: "code"))
        var school: String

        @Option(help: "administrator, head, deputy_head or teacher; can be repeated.")
        var role: [StaffAccount.Role]

        @Option(help: ArgumentHelp("As in the passport.", valueName: "name"))
        var lastName: String

        @Option(help: ArgumentHelp("As in the passport.", valueName: "name"))
        var firstName: String

        @Option(help: ArgumentHelp("The patronymic, if there is one.", valueName: "name"))
        var middleName: String?

        @Option(help: "3 to 64 Latin letters, digits and . _ - @; upper and lower case are the same.")
        var login: String?

        @Flag(help: "The school has another person of this name; create this one, too.")
        var namesake = false

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var settings: SettingsOptions

        func validate() throws {
            guard [lastName, firstName, middleName ?? "-"].allSatisfy({ isName($0) }) else {
                throw ValidationError("A name must be one line of at most 200 characters.")
            }
            if let login, !StaffAccount.isLogin(login) {
                throw ValidationError(
                    "--login must be 3 to 64 Latin letters, digits and . _ - @, and begin with a letter or digit.")
            }
        }

        func run() async throws {
            try await reportingErrors {
                let account = StaffAccount(try await settings.load().ownerConnection(), school: school)
                let person = StaffAccount.Person(
                    lastName: lastName, firstName: firstName, middleName: middleName, login: login)
                try show(create(person, account), school: school, json: json)
            }
        }

        private func create(_ person: StaffAccount.Person, _ account: StaffAccount) throws -> StaffAccount.Issued {
            do {
                return try account.create(person, roles: role, isNamesake: namesake)
            } catch let refusal as OwnerRefusal {
                guard case .namesakes = refusal, isatty(STDIN_FILENO) == 1 else { throw refusal }
                complain(refusal.description)
                _ = try asks("Type yes if this is another person: ")
                return try account.create(person, roles: role, isNamesake: true)
            }
        }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Invalidate a password and create a new activation code.",
            discussion: """
                For a member of staff who forgot the password, or whose password others know. The password and any unused \
                code stop working, and all sessions end; an access token that was already issued can still read for up to \
                15 minutes, but not write. The reason goes to the audit log.

                A second factor stays and is asked for with the new password, unless --second-factor removes it: for an \
                administrator who has lost both the app and the recovery codes and has no other administrator to ask.

                EXAMPLES:
                  lyceum user reset --school lyceum29 ivanova.mariya --reason 'forgot it'
                  lyceum user reset --school lyceum29 ivanova.mariya --reason 'lost her phone' --second-factor
                  lyceum user reset --school lyceum29 ivanova.mariya --reason 'forgot it' --json

                EXIT CODES:
                  0   done
                  2   refused: there is no such school or person, the person is not a member of staff or is blocked, or \
                the schema is not the one that this program needs
                  3   the database can't be reached, or a statement failed
                  64  wrong use of the command line
                  78  a setting is missing or wrong
                """)

        @Option(help: ArgumentHelp("The school's code.", valueName: "code"))
        var school: String

        @Argument(help: "The person's login.")
        var login: String

        @Option(help: "The reason, for the audit log.")
        var reason: String

        @Flag(help: "Remove the second factor, too.")
        var secondFactor = false

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var settings: SettingsOptions

        func validate() throws {
            guard isName(reason) else { throw ValidationError("--reason must be one line of at most 200 characters.") }
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
