import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// C1, A3: who may write to whom, for all pairs of people, through the API and with the server's role in SQL.
@Suite(.serialized) struct MayWriteTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let people: ConversationCast

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        people = try ConversationCast.of(server, ids)
    }

    /// About one student of 7А. The rows write, the columns are written to.
    static let aboutTheChild = """
            adm hea dep tea oth sub was cla act ted lea gua gu2 non end str chi mat pup
        adm  .   +   +   +   .   +   .   +   +   .   .   .   .   .   .   .   .   .   .
        hea  +   .   +   +   .   +   .   +   +   .   .   +   +   .   .   .   +   .   .
        dep  +   +   .   +   .   +   .   +   +   .   .   +   +   .   .   .   +   .   .
        tea  +   +   +   .   .   +   .   +   +   .   .   +   +   .   .   .   +   .   .
        oth  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        sub  +   +   +   +   .   .   .   +   +   .   .   +   +   .   .   .   +   .   .
        was  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        cla  +   +   +   +   .   +   .   .   +   .   .   +   +   .   .   .   +   .   .
        act  +   +   +   +   .   +   .   +   .   .   .   +   +   .   .   .   +   .   .
        ted  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        lea  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        gua  +   +   +   +   .   +   .   +   +   .   .   .   .   .   .   .   .   .   .
        gu2  +   +   +   +   .   +   .   +   +   .   .   .   .   .   .   .   .   .   .
        non  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        end  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        str  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        chi  +   +   +   +   .   +   .   +   +   .   .   .   .   .   .   .   .   .   .
        mat  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        pup  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        """

    /// About nobody, in a school where students may write to classmates.
    static let aboutNobody = """
            adm hea dep tea oth sub was cla act ted lea gua gu2 non end str chi mat pup
        adm  .   +   +   +   +   +   +   +   +   +   .   .   .   .   .   .   .   .   .
        hea  +   .   +   +   +   +   +   +   +   +   .   .   .   .   .   .   .   .   .
        dep  +   +   .   +   +   +   +   +   +   +   .   .   .   .   .   .   .   .   .
        tea  +   +   +   .   +   +   +   +   +   +   .   .   .   .   .   .   .   .   .
        oth  +   +   +   +   .   +   +   +   +   +   .   .   .   .   .   .   .   .   .
        sub  +   +   +   +   +   .   +   +   +   +   .   .   .   .   .   .   .   .   .
        was  +   +   +   +   +   +   .   +   +   +   .   .   .   .   .   .   .   .   .
        cla  +   +   +   +   +   +   +   .   +   +   .   .   .   .   .   .   .   .   .
        act  +   +   +   +   +   +   +   +   .   +   .   .   .   .   .   .   .   .   .
        ted  +   +   +   +   +   +   +   +   +   .   .   .   .   .   .   .   .   .   .
        lea  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        gua  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        gu2  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        non  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        end  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        str  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        chi  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   +   .
        mat  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   +   .   .
        pup  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
        """

    /// The rows of a table: the writer, and those to whom the writer may write.
    private static func rows(_ table: String) -> [(writer: String, recipients: Set<String>)] {
        let lines = table.split(separator: "\n").map { $0.split(separator: " ").map { String($0) } }
        return lines.dropFirst().map { cells in
            (cells[0], Set(zip(lines[0], cells.dropFirst()).filter { $0.1 == "+" }.map { $0.0 }))
        }
    }

    /// Tries to begin a thread as the server's role, and takes it back.
    private func mayWriteInSQL(
        _ connection: BlockingConnection, _ writer: String, _ recipient: String, _ student: String?
    ) throws -> Bool {
        try connection.execute("BEGIN")
        defer { try? connection.execute("ROLLBACK") }
        try connection.query(
            """
            SELECT set_config('lyceum.school_id', $1, true), set_config('lyceum.user_id', $2, true),
                set_config('lyceum.today', $3, true)
            """, [String(ids.school), people[writer], TestServer.today])
        do {
            try connection.query(
                "SELECT lyceum.begin_thread($1, ARRAY[$2::uuid], 'Вопрос', 'Добрый день')",
                [student, people[recipient]])
            return true
        } catch {
            #expect(error.message == "not_a_recipient", "\(writer) to \(recipient): \(error)")
            return false
        }
    }

    /// - Parameter isAsked: whether the API is asked for this pair, too.
    private func check(
        _ table: String, about student: String?,
        isAsked: (_ writer: String, _ recipient: String) -> Bool = { _, _ in true }
    ) throws {
        let rows = Self.rows(table)
        #expect(rows.map { $0.writer } == ConversationCast.names)
        let connection = try server.connection()
        for (writer, recipients) in rows {
            let client = try people.client(writer)
            var inSQL: Set<String> = []
            var inAPI: Set<String> = []
            for recipient in ConversationCast.names {
                if try mayWriteInSQL(connection, writer, recipient, student) { inSQL.insert(recipient) }
                guard isAsked(writer, recipient) else {
                    if recipients.contains(recipient) { inAPI.insert(recipient) }
                    continue
                }
                let about = student.map { #""student_id": "\#($0)", "# } ?? ""
                let answer = try client.post(
                    "/v1/threads",
                    json: """
                        {"recipient_ids": ["\(people[recipient])"], \(about)"subject": "Вопрос", "text": "Добрый день"}
                        """)
                if answer.status == 200 {
                    inAPI.insert(recipient)
                } else {
                    #expect(answer.code == "not_a_recipient", "\(writer) to \(recipient): \(answer.text)")
                }
            }
            #expect(inSQL == recipients, "\(writer) in SQL")
            #expect(inAPI == recipients, "\(writer) through the API")
            // The search shows the same people, and nobody else.
            if let student {
                let found = try client.get("/v1/recipients?student_id=\(student)&limit=200").json["items"]?.array ?? []
                let shown = Set(found.compactMap { $0["id"]?.string })
                let known = Set(ConversationCast.names.filter { shown.contains(people[$0]) })
                #expect(known == recipients, "\(writer) in the search")
            }
        }
    }

    @Test func c1_everyPairAboutTheChild() throws { try check(Self.aboutTheChild, about: ids.child) }

    @Test func c1_everyPairAboutNobody() throws {
        let settings = "UPDATE school_settings SET students_write_students ="
        try server.owner().execute("\(settings) true")
        // The API takes a thread between staff and a student as one about the student, see the other table.
        let staff = Set(ConversationCast.names.prefix(11))
        try check(Self.aboutNobody, about: nil) { writer, recipient in
            !(staff.contains(writer) && ["chi", "mat", "pup"].contains(recipient))
                && !(["chi", "mat", "pup"].contains(writer) && staff.contains(recipient))
        }
        try server.owner().execute("\(settings) false")
        let connection = try server.connection()
        #expect(try !mayWriteInSQL(connection, "chi", "mat", nil))
        let answer = try people.client("chi").post(
            "/v1/threads",
            json: #"{"recipient_ids": ["\#(people["mat"])"], "subject": "Привет", "text": "Как дела?"}"#)
        #expect(answer.status == 422, "\(answer.text)")
    }

    /// Who lost the right reads nothing (guardians), or reads only (staff who still see the student).
    @Test func a3_rightsEndWithWhatTheyRestOn() throws {
        let connection = try server.connection()
        func mayWrite(_ writer: String, _ recipient: String, on day: String) throws -> String? {
            try connection.query(
                """
                SELECT lyceum.may_write($1::int, $2, $3, $4)
                FROM (SELECT set_config('lyceum.school_id', $1, false), set_config('lyceum.today', $5, false) OFFSET 0) s
                """, [String(ids.school), people[writer], people[recipient], ids.child, day]
            ).first
        }
        // The acting class teacher's last day is today, and so is the lesson of the substitute.
        for person in ["act", "sub"] {
            #expect(try mayWrite(person, "gua", on: "2025-11-19") == "t", "\(person)")
            #expect(try mayWrite("gua", person, on: "2025-11-19") == "t", "\(person)")
            #expect(try mayWrite(person, "gua", on: "2025-11-20") == "f", "\(person)")
            #expect(try mayWrite("gua", person, on: "2025-11-20") == "f", "\(person)")
        }
    }
}
