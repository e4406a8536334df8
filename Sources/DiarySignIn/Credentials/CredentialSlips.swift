import Diary
import HTTP1
import Postgres
import Reactor
import Web

/// Codes on paper, to be cut apart and handed out (A2). Like the codes in JSON, slips are in one answer and nowhere else.
struct CredentialSlips: Sendable {
    /// A query that returns `code`, `name` and the local time `printed`.
    static func school(_ caller: Caller) -> Query { schoolNow(.integer(caller.school.id)) }

    /// PostgreSQL would otherwise end a transaction that waits for a PDF for more than ten seconds.
    static let patience = Query(
        statement: Statement("SELECT set_config('idle_in_transaction_session_timeout', '60s', true)"), parameters: [])

    private let schoolCode: String
    private let schoolName: String
    /// The school's local time, `YYYY-MM-DD HH:MM`.
    private let printed: String
    private let schoolClass: String?
    private let codes: [IssuedCode]
    private let leftOut: [(holder: CodeHolder, reason: String)]

    /// - Parameters:
    ///   - school: what the query `school` returned.
    ///   - schoolClass: the name of the class, if the codes are of one.
    ///   - leftOut: who got no code, and why.
    init(
        _ codes: [IssuedCode], school: Rows, schoolClass: String? = nil,
        leftOut: [(holder: CodeHolder, reason: String)] = []
    ) {
        self.codes = codes
        schoolCode = school.text(0, "code") ?? ""
        schoolName = school.text(0, "name") ?? ""
        printed = school.text(0, "printed") ?? ""
        self.schoolClass = schoolClass
        self.leftOut = leftOut
    }

    /// Codes in JSON: caches learn that there are other forms.
    static func negotiated(_ answer: Response) -> Response {
        var answer = answer
        answer.headers.append(("Vary", "Accept, Authorization"))
        return answer
    }

    /// Called in the transaction that issues the codes, so that there are none if there is no paper.
    func response(
        _ form: CodeForm, _ status: Status, _ request: Request, _ caller: Caller
    ) async throws -> Response {
        let signIn = caller.services.signIn
        let language = request.language
        let address = signIn.printing.address ?? caller.services.base(of: request)
        let (slips, pages) = (self, signIn.pages)
        var bytes = try await signIn.printing.rendering.run { pages.slips(slips.values(language, address)) }
        if form == .pdf { bytes = try await Self.pdf(bytes, signIn.printing, caller.owner) }
        var response = Response(status, contentType: form.contentType, body: bytes)
        response.headers = [
            ("Cache-Control", "private, no-store"), ("Content-Language", language.rawValue),
            ("Vary", "Accept, Accept-Language, Authorization"),
        ]
        if form == .html {
            let policy = "default-src 'none'; style-src \(pages.paperStyleSource)"
            response.headers.append(("Content-Security-Policy", policy))
        } else {
            response.headers.append(("Content-Disposition", "attachment; filename=\"credential-slips.pdf\""))
        }
        return response
    }

    private static func pdf(_ page: [UInt8], _ printing: SlipPrinting, _ owner: String) async throws -> [UInt8] {
        do {
            return try await printing.pdf(page, owner)
        } catch let problem as Problem where [.reportTakesLong, .pdfNotAvailable].contains(problem.kind) {
            throw Problem(
                problem.kind,
                detail: Text(
                    ru: "PDF не получился, и коды не выданы. Запросите HTML и напечатайте его из браузера.",
                    en: "There is no PDF, and no codes were issued. Ask for HTML, and print it with a browser."),
                headers: problem.headers)
        }
    }

    private func values(_ language: Language, _ address: String) -> [String: Any] {
        let words = SlipWords(language)
        let title = words.title + (schoolClass.map { ": \($0)" } ?? "")
        let pairs = stride(from: 0, to: codes.count, by: 2).map { codes[$0..<min($0 + 2, codes.count)] }
        var values: [String: Any] = [
            "language": language.rawValue, "title": title, "school": schoolName,
            "school-code": schoolCode, "address": address,
            "printed": "\(words.printed) \(words.moment(printed))", "page": words.page,
            "of": words.of, "some": !codes.isEmpty, "login-word": words.login, "code-word": words.code,
            "until-word": words.until, "school-word": words.school, "address-word": words.address, "how": words.how,
            "rows": pairs.map { pair in
                // The place of a slip may stay empty.
                ["slips": pair.map { slip($0, words) } + (pair.count == 1 ? [[:]] : [])] as [String: Any]
            },
        ]
        if codes.isEmpty { values["none"] = words.none }
        if !leftOut.isEmpty {
            values["left-out"] =
                [
                    "heading": words.leftOut,
                    "people": leftOut.map { ["name": $0.holder.fullName, "reason": words.reason($0.reason)] },
                ] as [String: Any]
        }
        return values
    }

    private func slip(_ code: IssuedCode, _ words: SlipWords) -> [String: Any] {
        [
            "person": code.holder.fullName, "about": words.about(code.holder.schoolClass, code.holder.children),
            "login": code.login, "code": code.code, "until": words.moment(code.localExpiry),
        ]
    }

    private static let schoolNow = Statement(
        "SELECT s.code, s.name, lyceum.local_time(now()) AS printed FROM schools s WHERE s.id = $1")
}

/// The words of slips in a language.
private struct SlipWords {
    private let language: Language

    init(_ language: Language) { self.language = language }

    var title: String { Text(ru: "Реквизиты доступа к дневнику", en: "Access to the diary")[language] }
    var login: String { Text(ru: "Логин", en: "Login")[language] }
    var code: String { Text(ru: "Код активации", en: "Activation code")[language] }
    var until: String { Text(ru: "Код действует до", en: "The code expires")[language] }
    var school: String { Text(ru: "Код школы", en: "School code")[language] }
    var address: String { Text(ru: "Адрес", en: "Address")[language] }
    var printed: String { Text(ru: "Напечатано", en: "Printed")[language] }
    var page: String { Text(ru: "страница", en: "page")[language] }
    var of: String { Text(ru: "из", en: "of")[language] }
    var none: String { Text(ru: "Кодов нет.", en: "There are no codes.")[language] }
    var leftOut: String { Text(ru: "Кому код не выдан", en: "People who got no code")[language] }
    var how: String {
        Text(
            ru: "Код нужен один раз: с ним вы придумаете пароль. Никому не показывайте этот листок.",
            en: "The code works once: with it you choose a password. Show this slip to nobody.")[language]
    }

    func about(_ schoolClass: String?, _ children: String?) -> String {
        if let children { return Text(ru: "Ученик: \(children)", en: "Student: \(children)")[language] }
        return schoolClass.map { Text(ru: "Класс: \($0)", en: "Class: \($0)")[language] } ?? ""
    }

    func reason(_ code: String) -> String {
        switch code {
        case "staff":
            Text(ru: "сотрудник, код выдаёт администратор", en: "staff, an administrator issues the code")[language]
        case "closed": Text(ru: "доступ закрыт", en: "access is closed")[language]
        default: Text(ru: "уже входит в дневник", en: "signs in already")[language]
        }
    }

    /// - Parameter text: `YYYY-MM-DD HH:MM`
    func moment(_ text: String) -> String {
        guard language == .russian, let space = text.firstIndex(of: " ") else { return text }
        return text[..<space].split(separator: "-").reversed().joined(separator: ".") + text[space...]
    }
}
