import DiaryTestSupport
import JSON
import Testing

/// 7А after its first quarter, with the final marks
///
///     student   algebra       English   physical education
///     Аверина   5             5         exempt
///     Белов     5             4         5
///     Власова   4             4         3
///     Громов    3             3         4
///     Дёмин     2             4         5
///     Ершова    not assessed  5         5
///     Жуков     4             none      5
///     Ильина    5             5         pass
///
/// and Зуев, who left on 10 October. Аверина has a fail in a section with pass and fail, which stands outside; a club
/// without grading and a class 1А with a lesson stand outside too. The second quarter is over and has no final marks.
struct ResultsSchool {
    let school: ReportSchool
    let sokolova: String
    let petrov: String
    let class7A: String
    let algebra: String
    let english: String
    private(set) var students: [String: String] = [:]

    static let subjects = ["Алгебра", "Английский язык", "Физическая культура"]

    init() async throws {
        school = try await ReportSchool(today: "2026-01-20")
        sokolova = try school.teacher("Соколова")
        petrov = try school.teacher("Петров")
        class7A = try school.schoolClass("7А", teacher: sokolova)
        algebra = try school.section("Алгебра", of: class7A, teacher: sokolova, hours: 3)
        english = try school.section("Английский язык", of: class7A, teacher: petrov, hours: 3)
        _ = try school.section("Физическая культура", of: class7A, teacher: petrov, hours: 2)
        _ = try school.section("Шахматы", of: class7A, teacher: petrov, grading: "none", kind: "extracurricular")
        let safety = "Основы безопасности и защиты Родины"
        _ = try school.section(safety, of: class7A, teacher: petrov, grading: "pass_fail")
        let order = try school.order("1")
        let finals: [(String, [RuleValue?])] = [
            ("Аверина", [.number(5), .number(5), .code("exempt")]),
            ("Белов", [.number(5), .number(4), .number(5)]),
            ("Власова", [.number(4), .number(4), .number(3)]),
            ("Громов", [.number(3), .number(3), .number(4)]),
            ("Дёмин", [.number(2), .number(4), .number(5)]),
            ("Ершова", [.code("not_assessed"), .number(5), .number(5)]),
            ("Жуков", [.number(4), nil, .number(5)]),
            ("Ильина", [.number(5), .number(5), .code("pass")]),
        ]
        for (name, values) in finals {
            let student = try school.student(name, in: class7A)
            students[name] = student
            for case let (subject, value?) in zip(Self.subjects, values) {
                try school.final(student, subject, .term(1), value, order: "\(value)".contains("exempt") ? order : nil)
            }
        }
        try school.final(students["Аверина"]!, safety, .term(1), .code("fail"))
        students["Зуев"] = try school.student("Зуев", in: class7A, to: "2025-10-10")
        let class1A = try school.schoolClass("1А")
        _ = try school.student("Первоклассник", in: class1A)
        _ = try school.section("Математика", of: class1A, teacher: petrov)
    }

    /// Белов missed all lessons of 1 September and no reason is known, Власова was ill in one of two.
    func addAbsences() throws {
        let first = try school.lesson(algebra, "2025-09-01")
        let second = try school.lesson(english, "2025-09-01", slot: 2)
        try school.absence(students["Белов"]!, at: first)
        try school.absence(students["Белов"]!, at: second)
        try school.absence(students["Власова"]!, at: first, "ill")
    }
}

extension JSONValue {
    /// The item of a list whose members have these values, given as `subject.name`.
    func item(_ list: String, _ path: String, _ value: String) -> JSONValue? {
        self[list]?.array.first { $0.at(path)?.string == value }
    }

    func at(_ path: String) -> JSONValue? {
        path.split(separator: ".").reduce(Optional(self)) { value, name in value?[String(name)] }
    }

    /// The numbers and strings of members, as in JSON; `null` for null.
    func texts(_ members: String...) -> [String] {
        members.map { name in
            switch self.at(name) {
            case .number(let text)?, .string(let text)?: text
            case .bool(let value)?: "\(value)"
            case .null?: "null"
            default: "-"
            }
        }
    }
}
