import Foundation
import Postgres
import TestSupport
import Testing

/// `lyceum user`, run as a process against a database.
@Suite struct UserCommandTests {
    private let database: TestDatabase
    private let owner: BlockingConnection

    init() throws {
        database = try TestDatabase(.migrated)
        owner = try BlockingConnection(url: database.ownerURL)
        try owner.execute("INSERT INTO schools (code, name) VALUES ('lyceum29', 'Лицей № 29'), ('other', 'Другая')")
    }

    private func run(_ arguments: [String]) throws -> Executable.Outcome {
        try Executable.run(arguments, owner: database)
    }

    private func create(school: String = "lyceum29", _ rest: String...) throws -> Executable.Outcome {
        try run(
            ["user", "create", "--school", school, "--last-name", "Иванова", "--first-name", "Мария", "--json"] + rest)
    }

    private func reset(
        _ login: String, school: String = "lyceum29", _ flags: String...
    ) throws -> Executable.Outcome {
        try run(["user", "reset", "--school", school, login, "--reason", "телефон потерян", "--json"] + flags)
    }

    private func rows(_ query: String) throws -> [[String?]] { try owner.query(query).rows }

    /// Whether this is the valid code of a login, according to the SQL rule.
    private func isLive(_ code: String, of login: String) throws -> Bool {
        let answer = try owner.query(
            """
            SELECT count(*) FROM activation_codes c
            JOIN users u ON u.school_id = c.school_id AND u.id = c.user_id AND u.login = $1
            WHERE c.used_at IS NULL AND c.revoked_at IS NULL AND c.expires_at > now()
                AND c.code_hash = sha256(convert_to(E'activation\\nlyceum29\\n' || replace($2, '-', ''), 'UTF8'))
            """, [login, code])
        return answer.first == "1"
    }

    // MARK: Create

    @Test func namesAreTidied() throws {
        let made = try run([
            "user", "create", "--school", "lyceum29", "--role", "head", "--last-name", " Орлова\u{A0}", "--first-name",
            "Анна  Мария", "--json",
        ])
        #expect(made.status == 0, "\(made.errors)")
        #expect(try rows("SELECT last_name, first_name FROM users") == [["Орлова", "Анна Мария"]])
        let again = try run([
            "user", "create", "--school", "lyceum29", "--role", "head", "--last-name", "Орлова", "--first-name",
            "Анна Мария",
        ])
        #expect(again.status == 2, "the school has a person of this name")
    }

    @Test func a2StaffGetAOneTimeCode() throws {
        try owner.execute("UPDATE school_settings SET activation_days = 3")
        let outcome = try create("--role", "administrator", "--middle-name", "Петровна")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
        let code = try #require(outcome.json["activation_code"] as? String)
        #expect(code.contains(/^([A-HJKMNP-Z2-9]{4}-){2}[A-HJKMNP-Z2-9]{4}$/))
        #expect(outcome.json["login"] as? String == "ivanova.mariya")
        #expect(try isLive(code, of: "ivanova.mariya"))
        #expect(
            try rows("SELECT last_name, first_name, middle_name, state, password_hash FROM users")
                == [["Иванова", "Мария", "Петровна", "issued", nil]])
        #expect(try rows("SELECT role FROM user_roles") == [["administrator"]])
        #expect(try rows("SELECT count(*) FROM staff") == [["1"]])
        #expect(
            try rows("SELECT expires_at - issued_at, issued_by, reason FROM activation_codes")
                == [["3 days", nil, "command line"]])
    }

    @Test func a5CodesAreHiddenInTheAuditLog() throws {
        let outcome = try create("--role", "teacher")
        let code = try #require(outcome.json["activation_code"] as? String)
        #expect(try rows("SELECT count(*) FROM audit_log WHERE reason = 'command line'") == [["4"]])
        #expect(
            try rows("SELECT after ->> 'code_hash' FROM audit_log WHERE entity = 'activation_codes'") == [["hidden"]])
        let everything = try rows("SELECT a::text FROM audit_log a UNION ALL SELECT c::text FROM activation_codes c")
        for typed in [code, code.replacing("-", with: "")] {
            #expect(!everything.contains { $0[0]?.contains(typed) == true })
        }
    }

    @Test func textShowsTheCodeOnce() throws {
        let outcome = try run([
            "user", "create", "--school", "lyceum29", "--role", "head", "--last-name", "Орлов", "--first-name", "Пётр",
        ])
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        let code = try #require(outcome.output.firstMatch(of: /[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}/))
        #expect(try isLive(String(code.output), of: "orlov.petr"))
    }

    @Test func severalRolesCanBeGiven() throws {
        #expect(try create("--role", "head", "--role", "teacher", "--role", "head").status == 0)
        #expect(try rows("SELECT role FROM user_roles ORDER BY role") == [["head"], ["teacher"]])
    }

    @Test func namesakesAreRefusedUnlessConfirmed() throws {
        #expect(try create("--role", "administrator", "--middle-name", "Петровна").status == 0)
        for arguments in [
            ["--role", "teacher"], ["--role", "administrator", "--middle-name", "ПЕТРОВНА", "--login", "other"],
        ] {
            let again = try run(
                ["user", "create", "--school", "lyceum29", "--last-name", "иванова", "--first-name", "Мария", "--json"]
                    + arguments)
            #expect(again.status == 2)
            #expect(again.errors.contains("login ivanova.mariya, administrator"), "\(again.errors)")
            #expect(again.errors.contains("lyceum user reset --school lyceum29 ivanova.mariya"), "\(again.errors)")
            #expect(again.errors.contains("--namesake"))
        }
        #expect(try rows("SELECT count(*) FROM users") == [["1"]])
        #expect(try rows("SELECT count(*) FROM activation_codes") == [["1"]])
        // A different patronymic means a different person.
        #expect(try create("--role", "teacher", "--middle-name", "Олеговна").status == 0)
    }

    @Test func namesakesGetNumbers() throws {
        let logins = try (1...3).map { _ in
            try create("--role", "teacher", "--namesake").json["login"] as? String
        }
        #expect(logins == ["ivanova.mariya", "ivanova.mariya2", "ivanova.mariya3"])
        #expect(try create(school: "other", "--role", "teacher").json["login"] as? String == "ivanova.mariya")
    }

    @Test(arguments: [("yes", 0 as Int32, "2"), ("no", 2, "1")])
    func aTerminalAsksForConfirmation(_ answer: String, _ status: Int32, _ people: String) throws {
        #expect(try create("--role", "teacher").status == 0)
        let outcome = try Executable.runAtTerminal(
            [
                "user", "create", "--school", "lyceum29", "--role", "teacher", "--last-name", "Иванова", "--first-name",
                "Мария",
            ], answering: answer, owner: database)
        #expect(outcome.status == status, "\(outcome.output)")
        #expect(outcome.output.contains("Type yes if this is another person: "), "\(outcome.output)")
        #expect(try rows("SELECT count(*) FROM users") == [[people]])
    }

    @Test func takenLoginIsRefused() throws {
        #expect(try create("--role", "teacher", "--login", "Masha").json["login"] as? String == "masha")
        let outcome = try create("--role", "teacher", "--login", "mASHA", "--namesake")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("is taken"))
        #expect(try rows("SELECT count(*) FROM users") == [["1"]])
        #expect(try rows("SELECT count(*) FROM activation_codes") == [["1"]])
    }

    @Test(arguments: [
        [], ["--role", "student"], ["--role", "guardian"], ["--role", "class_teacher"], ["--role", "Administrator"],
        ["--role", "teacher", "--login", "a b"], ["--role", "teacher", "--login", ""],
        ["--role", "teacher", "--login", "ab"], ["--role", "teacher", "--login", "маша"],
        ["--role", "teacher", "--login=-abc"],
        ["--role", "teacher", "--login", String(repeating: "a", count: 65)],
        ["--role", "teacher", "--middle-name", " "], ["--role", "teacher", "--password", "x"],
    ])
    func wrongUseChangesNothing(_ arguments: [String]) throws {
        let outcome = try run(
            ["user", "create", "--school", "lyceum29", "--last-name", "А", "--first-name", "Б"] + arguments)
        #expect(outcome.status == 64)
        #expect(try rows("SELECT count(*) FROM users") == [["0"]])
    }

    @Test func unknownSchoolIsRefused() throws {
        let outcome = try create(school: "nowhere", "--role", "teacher")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("There is no school nowhere"))
    }

    // MARK: Reset

    /// Activates the account and signs the person in.
    private func activate(_ login: String) throws {
        try owner.execute(
            """
            UPDATE activation_codes SET used_at = now();
            UPDATE users SET state = 'active', password_hash = 'hash' WHERE login = '\(login)';
            INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at)
            SELECT school_id, gen_random_uuid(), id, 'test', '\\x00', now() + interval '1 day' FROM users;
            """)
    }

    @Test func a2ResetRemovesPasswordSessionsAndCode() throws {
        #expect(try create("--role", "administrator").status == 0)
        #expect(try create("--role", "teacher", "--login", "colleague", "--namesake").status == 0)
        try activate("ivanova.mariya")
        let first = try reset("ivanova.mariya")
        #expect(first.status == 0, "\(first.errors)")
        #expect(
            try rows("SELECT login, state, password_hash FROM users ORDER BY login")
                == [["colleague", "issued", nil], ["ivanova.mariya", "issued", nil]])
        #expect(
            try rows(
                """
                SELECT u.login, s.ended_at IS NOT NULL, s.end_reason
                FROM sessions s JOIN users u ON u.id = s.user_id ORDER BY 1
                """) == [["colleague", "f", nil], ["ivanova.mariya", "t", "credentials issued anew"]])
        let second = try reset("IVANOVA.Mariya")
        let codes = try [first, second].map { try #require($0.json["activation_code"] as? String) }
        #expect(try !isLive(codes[0], of: "ivanova.mariya"))
        #expect(try isLive(codes[1], of: "ivanova.mariya"))
        #expect(
            try rows(
                """
                SELECT DISTINCT reason FROM audit_log
                WHERE entity = 'users' AND action = 'update' AND after ->> 'state' = 'issued'
                """) == [["command line: телефон потерян"]])
    }

    @Test func a2ResetRemovesASecondFactorOnRequest() throws {
        #expect(try create("--role", "administrator").status == 0)
        try activate("ivanova.mariya")
        try owner.execute(
            """
            INSERT INTO second_factors (school_id, user_id, secret, confirmed_at)
            SELECT school_id, id, 'k1:sealed', now() FROM users;
            INSERT INTO recovery_codes (school_id, user_id, code_hash) SELECT school_id, id, '\\x00' FROM users;
            """)
        let count = "SELECT (SELECT count(*) FROM second_factors), (SELECT count(*) FROM recovery_codes)"
        #expect(try reset("ivanova.mariya").status == 0)
        #expect(try rows(count) == [["1", "1"]])
        let outcome = try reset("ivanova.mariya", "--second-factor")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try rows(count) == [["0", "0"]])
        #expect(
            try rows(
                """
                SELECT reason, before ->> 'secret' FROM audit_log WHERE entity = 'second_factors' AND action = 'delete'
                """) == [["command line: телефон потерян", "hidden"]])
    }

    @Test func concurrentResetsLeaveOneCode() async throws {
        #expect(try create("--role", "administrator").status == 0)
        let database = database
        let codes = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 1...4 {
                group.addTask {
                    try Executable.run(
                        ["user", "reset", "--school", "lyceum29", "ivanova.mariya", "--reason", "x", "--json"],
                        owner: database
                    ).json["activation_code"] as? String
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.compactMap { $0 }.count == 4)
        #expect(try codes.filter { try isLive($0!, of: "ivanova.mariya") }.count == 1)
    }

    @Test func resetIsForStaffWhoMaySignIn() throws {
        #expect(try create("--role", "teacher").status == 0)
        try owner.execute(
            """
            INSERT INTO users (school_id, id, last_name, first_name, login)
            SELECT id, gen_random_uuid(), 'А', 'Б', 'parent' FROM schools WHERE code = 'lyceum29';
            INSERT INTO user_roles (school_id, user_id, role)
            SELECT school_id, id, 'guardian' FROM users WHERE login = 'parent';
            """)
        let parent = try reset("parent")
        #expect(parent.status == 2)
        #expect(parent.errors.contains("is not a member of staff"))
        #expect(try reset("nobody").status == 2)
        #expect(try reset("ivanova.mariya", school: "other").status == 2)
        try owner.execute("UPDATE users SET state = 'blocked' WHERE login = 'ivanova.mariya'")
        let blocked = try reset("ivanova.mariya")
        #expect(blocked.status == 2)
        #expect(blocked.errors.contains("is blocked"))
        #expect(try rows("SELECT count(*) FROM activation_codes") == [["1"]])
        #expect(try rows("SELECT state FROM users WHERE login = 'ivanova.mariya'") == [["blocked"]])
    }

    @Test func resetWithoutAReasonIsWrongUse() throws {
        #expect(try run(["user", "reset", "--school", "lyceum29", "a"]).status == 64)
        #expect(try run(["user", "reset", "--school", "lyceum29", "a", "--reason", " "]).status == 64)
    }
}
