import Crypto
import Testing

@testable import DiarySignIn

/// Values: codes, logins and lists of passwords.
@Suite struct CredentialValueTests {
    @Test(arguments: [
        ("Ковалёва", "Анна", "kovaleva.anna"), ("Щёголева-Мышь", "Юлия", "shchegolevamysh.yuliya"),
        ("O'Brien", "Seán", "obrien.sen"), ("王", "小明", "user"), ("王", "Ли", "li"),
        ("Абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "Я", "abvgdeezhziyklmnoprstufk.ya"),
    ])
    func aLoginIsMadeFromTheName(_ last: String, _ first: String, _ login: String) {
        #expect(LoginName.base(last: last, first: first) == login)
    }

    @Test(arguments: [
        ("yana-2012", true), ("a.b@c.ru", true), ("7ab", true), (String(repeating: "a", count: 64), true),
        ("ab", false),
        ("", false), (".ab", false), ("a b", false), ("яна", false), ("ab\u{301}c", false),
        (String(repeating: "a", count: 65), false),
    ])
    func aChosenLoginIsLatin(_ login: String, _ isValid: Bool) {
        #expect(LoginName.isValid(login) == isValid)
    }

    @Test func aTakenLoginGetsANumber() {
        var taken: Set<String> = ["li.anna", "li.anna3"]
        #expect((0..<3).map { _ in LoginName.free("li.anna", &taken) } == ["li.anna2", "li.anna4", "li.anna5"])
        #expect(LoginName.free("li.petr", &taken) == "li.petr")
    }

    @Test func aListMayHavePasswordsAndDigests() throws {
        let list = try BreachedPasswords(
            Array(
                """
                password123\r
                пароль
                5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824
                da39a3ee5e6b4b0d3255bfef95601890afd80709

                b1b3773a05c0ed0176787a4f1574ff0075f7521e:x
                """.utf8))
        #expect(list.count == 5)
        for known in ["password123", "пароль", "password", "", "b1b3773a05c0ed0176787a4f1574ff0075f7521e:x"] {
            #expect(try list.contains(known), "\(known)")
        }
        for unknown in ["password123\r", "Password", "qwerty", "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8"] {
            #expect(try !list.contains(unknown), "\(unknown)")
        }
        #expect(try !BreachedPasswords([]).contains("password"))
    }
}
