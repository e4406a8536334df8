import JSON
import Web

/// The rules for a new password: 8 to 128 characters, not known to attackers, not the person's own login or name.
enum NewPassword {
    private static let length = 8...128

    /// Reads a member, and checks the rules that are the same for everybody.
    static func read(_ name: String, from reader: inout ObjectReader, _ services: SignInServices) throws -> String {
        let password =
            reader.string(name, minimumLength: length.lowerBound, maximumLength: length.upperBound).value ?? ""
        if try services.breachedPasswords?.contains(password) == true {
            reader.problems.add(FieldProblem(JSONPointer(name), "breached_password"))
        }
        return password
    }

    /// Checks the rules for this person. Ignores case, spaces and punctuation, and whether a name is written in
    /// Cyrillic or Latin letters.
    static func check(
        _ password: String, named name: String, login: String, last: String, first: String, middle: String?
    ) throws {
        let plain = plain(password)
        let problems = FieldProblems()
        if plain == Self.plain(login) {
            problems.add(FieldProblem(JSONPointer(name), "password_is_login"))
        } else if spellings(last, first, middle ?? "").contains(plain) {
            problems.add(FieldProblem(JSONPointer(name), "password_is_name"))
        }
        if let problem = Problem(problems) { throw problem }
    }

    private static func spellings(_ last: String, _ first: String, _ middle: String) -> Set<String> {
        var result: Set<String> = []
        for parts in [
            [last], [first], [middle], [last, first], [first, last], [first, middle], [last, first, middle],
            [first, middle, last],
        ] {
            let name = parts.joined()
            result.insert(plain(name))
            result.insert(LoginName.latin(name))
        }
        // A name without known letters must not match a password without any.
        result.remove("")
        return result
    }

    private static func plain(_ text: String) -> String { text.lowercased().filter { $0.isLetter || $0.isNumber } }
}
