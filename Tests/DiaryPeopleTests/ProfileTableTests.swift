import DiaryTestSupport
import FoundationEssentials
import JSON
import Postgres
import TestSupport
import Testing

/// The table "A student's profile" of docs/people.md, cell by cell: each row is a person, each column a request.
@Suite(.serialized) struct ProfileTableTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    /// The student who moved from 7Б to 7А.
    let pupil: String
    let document: String
    let guardian: String

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        let connection = try server.owner()
        let school = String(ids.school)
        pupil = try connection.query(
            "SELECT student_id FROM enrollments WHERE school_id = $1 AND ends_on = '2025-10-12'", [school]
        ).first!
        guardian = try connection.query(
            "SELECT guardian_id FROM guardianships WHERE school_id = $1 AND student_id = $2 AND access = 'full' AND ends_on IS NULL LIMIT 1",
            [school, pupil]
        ).first!
        let teacher = try server.client("teacher")
        let base = "/v1/students/\(pupil)"
        _ = try teacher.patch(base, json: #"{"phone": "+7 900", "health_group": 2}"#, headers: [("If-Match", "*")])
        _ = try teacher.post(
            "\(base)/consents", json: #"{"purpose": "photo", "given_by": "\#(guardian)", "given_on": "2025-09-01"}"#)
        _ = try teacher.send(
            "PUT", "\(base)/photo", headers: [("Content-Type", "image/jpeg"), ("If-None-Match", "*")],
            body: ImageFixtures.jpeg)
        _ = try teacher.post("\(base)/documents", json: #"{"kind": "oms_policy", "number": "6600000000000017"}"#)
        let documents = try teacher.get("\(base)/documents").json["items"]!.array
        document = documents.first { $0["kind"]?.string == "oms_policy" }!["id"]!.string!
    }

    @Test func K2_theTableOfTheDocumentIsTrue() throws {
        let table = try table()
        let people = try people()
        #expect(
            table.columns == [
                "list", "name, class", "contacts", "health", "documents", "photo", "guardians", "diary, marks",
                "writes",
            ])
        #expect(Set(table.rows.map { $0.who }) == Set(people.keys))
        for (who, cells) in table.rows {
            guard let client = people[who] else { continue }
            for (column, wanted) in zip(table.columns, cells) {
                let answer = try answer(column, client, "cell \(who) \(column)".utf8.reduce(0) { $0 &* 31 &+ Int($1) })
                #expect(answer == wanted, "\(who): \(column)")
            }
        }
    }

    // MARK: The document

    private func table() throws -> (columns: [String], rows: [(who: String, cells: [String])]) {
        let text = try String(contentsOfFile: TestDatabase.repository + "/docs/people.md", encoding: .utf8)
        let section = text.split(separator: "## A student's profile")[1].split(separator: "\n## ")[0]
        let lines = section.split(separator: "\n").filter { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map { cell in
                String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
        }
        return (Array(lines[0].dropFirst()), lines[2...].map { (who: $0[0], cells: Array($0.dropFirst())) })
    }

    // MARK: The rows

    private func people() throws -> [String: TestClient] {
        let connection = try server.owner()
        let school = String(ids.school)
        func find(_ sql: String, _ rest: String...) throws -> String {
            try #require(try connection.query(sql, [school] + rest).first)
        }
        func teacher(_ isPhysical: Bool) throws -> TestClient {
            let id = try find(
                """
                SELECT t.teacher_id FROM section_teachers t
                JOIN sections s ON s.school_id = t.school_id AND s.id = t.section_id
                JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
                JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id AND m.student_id = $2
                    AND m.ends_on IS NULL
                WHERE t.school_id = $1 AND t.ends_on IS NULL
                    AND NOT EXISTS (
                        SELECT FROM user_roles o
                        WHERE o.school_id = $1 AND o.user_id = t.teacher_id AND o.role NOT IN ('teacher', 'guardian')
                    )
                    AND NOT EXISTS (
                        SELECT FROM class_teachers k JOIN enrollments e ON e.school_id = $1 AND e.class_id = k.class_id
                        WHERE k.school_id = $1 AND k.teacher_id = t.teacher_id AND e.student_id = $2
                    )
                GROUP BY 1 HAVING bool_or(j.is_physical) = $3 LIMIT 1
                """, pupil, isPhysical ? "t" : "f")
            return try server.session(of: id, roles: ["teacher"])
        }
        let formerly = try find(
            "SELECT t.teacher_id FROM class_teachers t JOIN classes c ON c.school_id = t.school_id AND c.id = t.class_id WHERE t.school_id = $1 AND c.name = '7Б'"
        )
        let another = try find(
            """
            SELECT r.user_id FROM user_roles r WHERE r.school_id = $1 AND r.role = 'teacher'
                AND NOT EXISTS (SELECT FROM class_teachers k WHERE k.school_id = $1 AND k.teacher_id = r.user_id)
                AND NOT EXISTS (SELECT FROM user_roles o WHERE o.school_id = $1 AND o.user_id = r.user_id AND o.role <> 'teacher')
                AND NOT EXISTS (
                    SELECT FROM section_teachers t JOIN sections s ON s.school_id = $1 AND s.id = t.section_id
                    JOIN group_members m ON m.school_id = $1 AND m.group_id = s.group_id AND m.student_id = $2
                    WHERE t.school_id = $1 AND t.teacher_id = r.user_id
                )
            LIMIT 1
            """, pupil)
        let closed = try find(
            """
            WITH person AS (
                INSERT INTO users (school_id, id, last_name, first_name) VALUES ($1, gen_random_uuid(), 'Закрытова', 'Яна')
                RETURNING id
            ), guardian AS (INSERT INTO guardians (school_id, id) SELECT $1, id FROM person)
            SELECT id FROM person
            """)
        _ = try connection.query(
            """
            INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on)
            VALUES ($1, gen_random_uuid(), $2, $3, 'father', 'none', '2025-09-01')
            """, [school, closed, pupil])
        let strange = try connection.query(
            "SELECT user_id FROM user_roles WHERE school_id = $1 AND role = 'administrator' LIMIT 1",
            [String(ids.otherSchool)]
        ).first!
        return [
            "administrator": try server.client("admin"), "head": try server.client("head"),
            "deputy head": try server.client("deputy"), "class teacher of today's class": try server.client("teacher"),
            "class teacher of a class that the student left": try server.session(
                of: formerly, roles: ["teacher", "class_teacher"]),
            "teacher of the student": try teacher(false), "teacher of the student in PE": try teacher(true),
            "another teacher": try server.session(of: another, roles: ["teacher"]),
            "guardian with access, today": try server.session(of: guardian, roles: ["guardian"]),
            "guardian without access, or whose dates are over": try server.session(of: closed, roles: ["guardian"]),
            "the student": try server.session(of: pupil, roles: ["student"]),
            "another family": try server.client("parent"),
            "another school": try server.session(
                of: strange, school: ids.otherSchool, roles: ["administrator", "deputy_head"]),
        ]
    }

    // MARK: The columns

    private func answer(_ column: String, _ client: TestClient, _ number: Int) throws -> String {
        let base = "/v1/students/\(pupil)"
        let id = "cell-\(UInt(bitPattern: number))"
        func get(_ path: String) throws -> TestClient.Answer { try client.get(path, headers: [("X-Request-Id", id)]) }
        /// The record of a reading in the log.
        func recorded(_ text: String) throws -> String {
            let count = try server.owner().query(
                "SELECT count(*) FROM audit_log WHERE request_id = $1 AND action = 'read'", [id]
            ).first!
            return count == "0" ? text : "\(text), recorded"
        }
        switch column {
        case "list":
            let answer = try get("/v1/students?limit=200&q=" + (try name()))
            return answer.json["items"]?.array.contains { $0["id"]?.string == pupil } == true ? "yes" : "no"
        case "name, class":
            let answer = try get(base)
            return answer.status == 200 ? try recorded("yes") : String(answer.status)
        case "contacts":
            let answer = try get(base)
            guard answer.status == 200 else { return String(answer.status) }
            let isShown = answer.json["phone"]?.string == "+7 900"
            #expect(answer.json["restricted"]?.bool == !isShown)
            return isShown ? "yes" : "no"
        case "health":
            let answer = try get(base)
            guard answer.status == 200 else { return String(answer.status) }
            return answer.json["health_group"]?.int == 2 ? "yes" : "no"
        case "documents":
            let list = try get("\(base)/documents")
            let answer = try get("\(base)/documents/\(document)")
            #expect(list.status == answer.status)
            return answer.status == 200 ? try recorded("yes") : String(answer.status)
        case "photo":
            let answer = try get("\(base)/photo")
            return answer.status == 200 ? try recorded("yes") : String(answer.status)
        case "guardians":
            let answer = try get("\(base)/guardians")
            return answer.status == 200 ? "yes" : String(answer.status)
        case "diary, marks":
            let diary = try get("\(base)/diary?from=2025-10-06&to=2025-10-19")
            let marks = try get("\(base)/marks?limit=200")
            #expect(marks.status == diary.status)
            guard diary.status == 200 else { return String(diary.status) }
            let days = marks.json["items"]!.array.map { $0["lesson"]!["date"]!.string! }
            let isWhole = diary.json["to"]?.string == "2025-10-19"
            #expect(days.contains { $0 > "2025-10-12" } == isWhole)
            return isWhole ? "yes" : "until then"
        case "writes":
            let any = [("If-Match", "*")]
            let answer = try client.patch(base, json: #"{"phone": "+7 900"}"#, headers: any)
            guard answer.status == 200 else { return String(answer.status) }
            let health = try client.patch(base, json: #"{"health_group": 2}"#, headers: any)
            return health.status == 200 ? "yes" : "all but health"
        default: return "?"
        }
    }

    /// A part of the student's name, for a search.
    private func name() throws -> String {
        let name = try server.owner().query(
            "SELECT last_name FROM users WHERE school_id = $1 AND id = $2", [String(ids.school), pupil]
        ).first!
        return name.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
