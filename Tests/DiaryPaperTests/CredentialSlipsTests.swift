import DiaryTestSupport
import JSON
import Postgres
import Printing
import TestSupport
import TestTools
import Testing

/// Codes on paper (A2): slips to cut apart.
@Suite struct CredentialSlipsTests {
    /// 7А with `count` students and its class teacher.
    private struct Class {
        let school: ReportSchool
        let id: String
        let teacher: String
        let students: [String]

        init(_ count: Int, school: ReportSchool) throws {
            self.school = school
            teacher = try school.teacher("Соколова")
            let id = try school.schoolClass("7А", teacher: teacher)
            self.id = id
            students = try (0..<count).map { try school.student("Ученикова\(Self.letters($0))", in: id) }
        }

        /// A name has no digits.
        private static func letters(_ number: Int) -> String {
            let letters = Array("абвгдежзик")
            return "\(letters[number / 10])\(letters[number % 10])"
        }

        func issue(
            _ form: String, for group: String = "students", language: String = "ru", headers: [(String, String)] = []
        ) throws -> TestClient.Answer {
            var client = try school.client(teacher, "teacher", "class_teacher")
            client.language = language
            return try client.post(
                "/v1/classes/\(id)/credentials?format=\(form)", json: "{\"for\": \"\(group)\"}", headers: headers)
        }

        func state(_ user: String) throws -> String? {
            try school.owner.query(
                "SELECT state FROM users WHERE school_id = $1 AND id = $2", [String(school.id), user]
            )
            .first
        }

        func activate(_ code: String) throws -> TestClient.Answer {
            try TestClient(port: school.server.port).post(
                "/v1/auth/activation",
                json: #"{"school": "reports", "code": "\#(code)", "password": "синий трамвай 29"}"#)
        }
    }

    private func text(_ pdf: TestClient.Answer) throws -> String {
        try Python.program("/usr/bin/pdftotext", ["-layout", "-", "-"], input: pdf.body)
    }

    private func codes(_ text: String) -> [String] {
        text.matches(of: /[A-HJ-KM-NP-Z2-9]{4}-[A-HJ-KM-NP-Z2-9]{4}-[A-HJ-KM-NP-Z2-9]{4}/).map { String($0.output) }
    }

    /// 28 slips of ten on a page are three pages. Each login of the JSON form and each code is on one slip. The codes of an
    /// earlier issue stop working, as in JSON, with an Idempotency-Key too, and no table has a code.
    @Test func A2_aClassOf28IsThreePagesAndNothingKeepsTheCodes() async throws {
        let many = try Class(28, school: await ReportSchool())
        let json = try many.issue("json")
        #expect(json.status == 200 && json["Vary"]?.hasPrefix("Accept, Authorization") == true, "\(json.text)")
        let logins = json.json["items"]!.array.compactMap { $0["login"]?.string }
        try #require(logins.count == 28)

        let key = [("Idempotency-Key", "slips")]
        let pdf = try many.issue("pdf", headers: key)
        try #require(pdf.status == 200 && pdf["Content-Type"] == "application/pdf", "\(pdf.text.prefix(300))")
        #expect(pdf["Cache-Control"] == "private, no-store")
        #expect(pdf["Content-Disposition"] == "attachment; filename=\"credential-slips.pdf\"")
        let text = try text(pdf)
        let pages = text.split(separator: "\u{C}")
        #expect(pages.map { codes(String($0)).count } == [10, 10, 8])
        #expect(text.contains("страница 3 из 3") && text.contains("Реквизиты доступа к дневнику: 7А"))
        #expect(text.contains("reports") && text.contains("https://app.example"))
        let printed = codes(text)
        let words = text.split { $0.isWhitespace }
        #expect(Set(printed).count == 28)
        #expect(logins.allSatisfy { login in words.filter { $0 == login }.count == 1 })
        let earlier = json.json["items"]!.array.compactMap { $0["code"]?.string }
        #expect(Set(earlier).isDisjoint(with: printed))
        #expect(try many.activate(earlier[0]).code == "invalid_code")

        // The key is ignored: the repeat issues anew.
        let again = codes(try self.text(many.issue("pdf", headers: key)))
        #expect(again.count == 28 && Set(again).isDisjoint(with: printed))
        #expect(try many.activate(printed[0]).code == "invalid_code")
        #expect(logins.contains(try many.activate(again[0]).json["login"]?.string ?? ""))

        let tables = try many.school.owner.query(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
        ).rows.compactMap { $0[0] }
        #expect(tables.contains("idempotency_keys") && tables.contains("audit_log"))
        for table in tables {
            for code in [printed[1], again[1], again[1].filter { $0 != "-" }] {
                let met = try many.school.owner.query(
                    "SELECT count(*) FROM \(table) t WHERE t::text LIKE '%' || $1 || '%'", [code])
                #expect(met.first == "0", "\(table)")
            }
        }
    }

    /// What a name says is text, whatever it says; a long one wraps and pushes no code aside.
    @Test func slipsOfFamiliesSayWhoseTheyAreAndHostileOrLongNamesAreText() async throws {
        let few = try Class(2, school: await ReportSchool())
        let owner = few.school.owner
        let long = "Константинопольская-Задунайская-Оболенская"
        let names = ["<script>alert(1)</script>", long]
        for (student, name) in zip(few.students, names) {
            try owner.query(
                "UPDATE users SET last_name = $3, middle_name = $4 WHERE school_id = $1 AND id = $2",
                [String(few.school.id), student, name, "Абдурахмангаджиевна-Константиновна"])
        }
        let mother = try few.school.guardian("Матвеева", of: few.students[0])
        let html = try few.issue("html", for: "both")
        #expect(html.status == 200 && html["Content-Type"] == "text/html; charset=utf-8", "\(html.text)")
        #expect(!html.text.contains("<script") && html.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        let policy = try #require(html["Content-Security-Policy"])
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        #expect(codes(html.text).count == 3)
        #expect(html.text.contains("Ученик: &lt;script&gt;alert(1)&lt;/script&gt; Имя, 7А"))
        #expect(html.text.contains("Класс: 7А"))

        let pdf = try text(few.issue("pdf", for: "both", language: "en"))
        #expect(codes(pdf).count == 3 && pdf.contains("page 1 of 1") && pdf.contains("Activation code"), "\(pdf)")
        #expect(pdf.contains("<script>alert(1)</script>") && pdf.contains("Константинопольская"))

        // Who signs in already is named, without a code.
        let code = try #require(
            few.issue("json", for: "guardians").json["items"]?.array.first { $0["user"]?["id"]?.string == mother }?[
                "code"]?
                .string)
        #expect(try few.activate(code).status == 200)
        let nobody = try few.issue("html", for: "guardians").text
        #expect(nobody.contains("Кодов нет.") && nobody.contains("Матвеева Имя: уже входит в дневник"))
        #expect(codes(nobody).isEmpty)
    }

    /// Without paper there are no codes: those that were handed out still work.
    @Test func withoutPDFNoCodesAreIssued() async throws {
        let school = try await ReportSchool(paper: TestServer.paper { $0.python = "" })
        let few = try Class(2, school: school)
        let code = try #require(few.issue("json").json["items"]?[0]?["code"]?.string)
        let answer = try few.issue("pdf")
        #expect(answer.status == 501 && answer.code == "pdf_not_available", "\(answer.text)")
        #expect(answer.json["detail"]?.string?.contains("коды не выданы") == true)
        #expect(try few.activate(code).status == 200)
        #expect(codes(try few.issue("html").text).count == 1)
    }

    @Test func theFormIsNegotiatedAndRightsAreThoseOfJSON() async throws {
        let few = try Class(1, school: await ReportSchool())
        let path = "/v1/classes/\(few.id)/credentials"
        let teacher = try few.school.client(few.teacher, "teacher", "class_teacher")
        let body = #"{"for": "students"}"#
        #expect(try few.issue("csv").code == "invalid_parameter")
        let none = try teacher.post(path, json: body, headers: [("Accept", "text/csv")])
        #expect(none.status == 406 && none.code == "not_acceptable")
        #expect(try few.state(few.students[0]) == "new")
        let page = try teacher.post(path, json: body, headers: [("Accept", "text/html")])
        #expect(page["Content-Type"] == "text/html; charset=utf-8" && codes(page.text).count == 1)
        #expect(try teacher.post(path, json: body, headers: [("Accept", "*/*")]).json["items"]?.array.count == 1)
        for form in ["json", "html", "pdf"] {
            let answer = try few.school.deputy.post("\(path)?format=\(form)", json: body)
            #expect(answer.status == 403 && answer.code == "not_your_credentials")
        }
    }

    /// An administrator hands out a slip to a member of staff.
    @Test func A2_oneCodeIsOneSlip() async throws {
        let school = try await ReportSchool()
        let clerk = try school.teacher("Петренко")
        let administrator = try school.person("Админова", "administrator")
        let client = try school.client(administrator, "administrator")
        let answer = try client.post(
            "/v1/users/\(clerk)/credentials", json: "{}", headers: [("Accept", "application/pdf")])
        #expect(answer.status == 201 && answer["Content-Type"] == "application/pdf", "\(answer.text.prefix(300))")
        let text = try text(answer)
        #expect(codes(text).count == 1 && text.contains("Петренко Имя") && text.contains("petrenko.imya"), "\(text)")
        let again = try client.post("/v1/users/\(clerk)/credentials?format=json", json: "{}")
        #expect(again.status == 201 && again.json["code"]?.string != codes(text)[0])
    }
}
