import Diary
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// `POST /v1/students/{id}/class-changes`: a student changes class in one request, and no day is lost.
@Suite(.serialized) struct ClassChangesTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: TestClient
    let class7B: String

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
        class7B = try server.owner().query(
            "SELECT id FROM classes WHERE school_id = $1 AND name = '7Б'", [String(ids.school)]
        ).first!
    }

    private func owner(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + rest).rows
    }

    private func move(
        _ pupil: String, _ json: String, by client: TestClient? = nil, headers: [(String, String)] = []
    ) throws -> TestClient.Answer {
        try (client ?? deputy).post("/v1/students/\(pupil)/class-changes", json: json, headers: headers)
    }

    private func groups(of kind: String, in name: String) throws -> [String] {
        try owner(
            "SELECT g.id FROM groups g JOIN classes c ON c.school_id = g.school_id AND c.id = g.class_id WHERE g.school_id = $1 AND g.kind = $2 AND c.name = $3 ORDER BY g.name",
            kind, name
        ).map { $0[0]! }
    }

    @Test func A3_M10_studentMovesAndNothingIsLost() throws {
        let pupil = ids.others[0]
        let teacher = try server.client("teacher")
        let marks = "/v1/students/\(pupil)/marks?include=total"
        let before = try deputy.get(marks).json["total"]!.int!
        let part = try groups(of: "part", in: "7Б")[0]
        let answer = try move(
            pupil,
            #"{"class_id": "\#(class7B)", "starts_on": "2025-11-24", "reason": "Приказ № 31", "group_ids": ["\#(part)"]}"#
        )
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer.json["left"]?["class_id"]?.string == ids.class7A)
        #expect(answer.json["left"]?["ends_on"]?.string == "2025-11-23")
        #expect(answer.json["left"]?["end_reason"]?.string == "Приказ № 31")
        #expect(answer.json["joined"]?["starts_on"]?.string == "2025-11-24")
        #expect(answer.json["joined"]?["ends_on"]?.isNull == true)
        #expect(answer.json["joined"]?["reason"]?.string == "Приказ № 31")
        #expect(answer["Location"]?.hasSuffix("/v1/enrollments/\(answer.json["joined"]!["id"]!.string!)") == true)
        #expect(
            try deputy.get(answer["Location"]!.replacing("http://127.0.0.1:\(server.port)", with: "")).status == 200)
        // Each day in the old class has the old lessons, each day in the new class the new ones; none is empty.
        #expect(try deputy.get(marks).json["total"]?.int == before)
        let memberships = try owner(
            """
            SELECT g.class_id::text, g.kind, m.starts_on, m.ends_on FROM group_members m
            JOIN groups g ON g.school_id = m.school_id AND g.id = m.group_id AND g.kind IN ('class', 'part')
            WHERE m.school_id = $1 AND m.student_id = $2 ORDER BY m.starts_on, g.kind
            """, pupil)
        #expect(memberships.filter { $0[0] == ids.class7A }.allSatisfy { $0[3] == "2025-11-23" })
        #expect(
            memberships.filter { $0[0] == class7B } == [
                [class7B, "class", "2025-11-24", nil], [class7B, "part", "2025-11-24", nil],
            ])
        // Until then the student is in the class of the class teacher of 7А.
        #expect(try teacher.get("/v1/students/\(pupil)/guardians").status == 200)
    }

    /// A student arrives, changes class and leaves, all through the API; the school's history records everything.
    @Test func A3_arriveChangeLeave() throws {
        let made = try deputy.post("/v1/students", json: #"{"last_name": "Лис", "first_name": "Ада"}"#)
        let pupil = made.json["id"]!.string!
        #expect(
            try move(pupil, #"{"class_id": "\#(class7B)", "starts_on": "2025-11-10", "group_ids": []}"#).json[
                "errors"]?[0]?["code"]?
                .string == "not_enrolled")
        let arrived = try deputy.post(
            "/v1/enrollments",
            json:
                #"{"student_id": "\#(pupil)", "class_id": "\#(ids.class7A)", "starts_on": "2025-11-03", "ends_on": "2026-05-30"}"#
        )
        #expect(arrived.status == 201)
        let moved = try move(pupil, #"{"class_id": "\#(class7B)", "starts_on": "2025-11-12", "group_ids": []}"#)
        #expect(moved.status == 201, "\(moved.text)")
        // The planned end of the old enrollment now applies to the new one.
        #expect(moved.json["joined"]?["ends_on"]?.string == "2026-05-30")
        let days = try deputy.get("/v1/students/\(pupil)/diary?from=2025-11-10&to=2025-11-14").json["lessons"]!.array
        let classes = try owner(
            "SELECT DISTINCT l.date, g.class_id FROM lessons l JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id WHERE l.school_id = $1 AND l.id = ANY ($2::uuid[]) ORDER BY 1",
            "{" + days.map { $0["id"]!.string! }.joined(separator: ",") + "}")
        #expect(
            classes.map { $0[1] } == [ids.class7A, ids.class7A, class7B, class7B, class7B], "\(classes)")
        #expect(Set(classes.map { $0[0] }).count == 5)
        let left = try deputy.patch(
            "/v1/enrollments/\(moved.json["joined"]!["id"]!.string!)",
            json: #"{"ends_on": "2025-11-18", "end_reason": "Переезд"}"#, headers: [("If-Match", "\"v1\"")])
        #expect(left.status == 200)
        let enrollments = try deputy.get("/v1/enrollments?student_id=\(pupil)").json["items"]!.array
        #expect(enrollments.map { $0["ends_on"]?.string } == ["2025-11-11", "2025-11-18"])
        // After a student has left the school, the last class teacher sees the days before, and only managers may
        // change the profile.
        let teacher = try server.client("teacher")
        #expect(try teacher.get("/v1/students/\(pupil)").status == 404)
        #expect(try teacher.get("/v1/students/\(pupil)/diary").json["to"]?.string == "2025-11-11")
    }

    @Test func invalidChangesAreReportedAndWriteNothing() throws {
        let pupil = ids.others[1]
        let standing = try owner("SELECT id, version FROM enrollments WHERE school_id = $1 AND student_id = $2", pupil)
        let foreignPart = try groups(of: "part", in: "7А")[0]
        let strange = try server.owner().query(
            "SELECT id FROM classes WHERE school_id = $1 LIMIT 1", [String(ids.otherSchool)]
        ).first!
        let cases: [(String, Int, String, String)] = [
            (#"{"class_id": "\#(class7B)", "starts_on": "2027-11-24"}"#, 422, "/starts_on", "outside_year"),
            (#"{"class_id": "\#(class7B)", "starts_on": "2025-09-01"}"#, 409, "/starts_on", "not_enrolled"),
            (#"{"class_id": "\#(ids.class7A)", "starts_on": "2025-11-24"}"#, 409, "/class_id", "same_class"),
            (#"{"class_id": "\#(strange)", "starts_on": "2025-11-24"}"#, 422, "/class_id", "unknown_reference"),
            (
                #"{"class_id": "\#(class7B)", "starts_on": "2025-11-24", "group_ids": ["\#(foreignPart)"]}"#, 422,
                "/group_ids/0", "unknown_reference"
            ),
            (
                #"{"class_id": "\#(class7B)", "starts_on": "2025-11-24", "group_ids": ["\#(foreignPart)", "\#(foreignPart)"]}"#,
                422, "/group_ids", "duplicate_item"
            ),
            (#"{"class_id": "\#(class7B)"}"#, 422, "/starts_on", "required"),
            (
                #"{"class_id": "\#(class7B)", "starts_on": "2025-11-24", "ends_on": null}"#, 422, "/ends_on",
                "unknown_field"
            ),
            (#"{"class_id": "\#(class7B)", "starts_on": "2025-11-24", "reason": " "}"#, 422, "/reason", "too_short"),
        ]
        for (json, status, pointer, code) in cases {
            let answer = try move(pupil, json)
            #expect(answer.status == status, "\(json): \(answer.text)")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer, "\(json)")
            #expect(answer.json["errors"]?[0]?["code"]?.string == code, "\(json)")
        }
        let good = #"{"class_id": "\#(class7B)", "starts_on": "2025-11-24", "group_ids": []}"#
        #expect(try move(ids.stranger, good).status == 404)
        #expect(try move(DemoSchoolIDs.nothing, good).status == 404)
        for login in ["teacher", "parent", "student"] {
            #expect(try move(pupil, good, by: try server.client(login)).status == 403)
        }
        #expect(
            try owner("SELECT id, version FROM enrollments WHERE school_id = $1 AND student_id = $2", pupil) == standing
        )
    }

    @Test func L5_recordsOfTheOldClassStay() throws {
        let pupil = ids.others[1]
        let answer = try move(pupil, #"{"class_id": "\#(class7B)", "starts_on": "2025-11-17", "group_ids": []}"#)
        #expect(answer.status == 409, "\(answer.text)")
        #expect(answer.code == "recorded_days")
        let errors = answer.json["errors"]?.array ?? []
        #expect(!errors.isEmpty)
        for error in errors {
            #expect(error["pointer"]?.string == "/starts_on")
            #expect(["mark", "absence", "feedback"].contains(error["code"]?.string))
            #expect((error["date"]?.string ?? "") >= "2025-11-17")
            let lesson = try owner(
                "SELECT l.section_id, l.date FROM lessons l WHERE l.school_id = $1 AND l.id = $2",
                error["lesson_id"]?.string ?? "")
            #expect(lesson == [[error["section_id"]?.string, error["date"]?.string]])
        }
        #expect(
            try owner("SELECT count(*) FROM enrollments WHERE school_id = $1 AND student_id = $2", pupil) == [["1"]])
    }

    /// A class with subgroups: the change names those that the student joins, or says that there are none.
    @Test func L5_subgroupsAreNamed() throws {
        let pupil = ids.others[5]
        let answer = try move(pupil, #"{"class_id": "\#(class7B)", "starts_on": "2025-11-24"}"#)
        #expect(answer.status == 422, "\(answer.text)")
        let errors = answer.json["errors"]?.array ?? []
        #expect(errors.first?["code"]?.string == "required")
        #expect(errors.allSatisfy { $0["pointer"]?.string == "/group_ids" })
        let parts = try groups(of: "part", in: "7Б")
        #expect(!parts.isEmpty)
        #expect(Set(errors.dropFirst().map { $0["group_id"]?.string }) == Set(parts))
        #expect(errors.dropFirst().allSatisfy { $0["code"]?.string == "choice" && $0["detail"]?.string != "" })
        #expect(
            try owner("SELECT count(*) FROM enrollments WHERE school_id = $1 AND student_id = $2", pupil) == [["1"]])
        #expect(
            try move(pupil, #"{"class_id": "\#(class7B)", "starts_on": "2025-11-24", "group_ids": []}"#).status == 201)
    }

    private func memberships(_ pupil: String) throws -> [[String?]] {
        try owner(
            """
            SELECT m.id, m.group_id, m.starts_on, m.ends_on FROM group_members m
            WHERE m.school_id = $1 AND m.student_id = $2 ORDER BY m.starts_on, m.group_id
            """, pupil)
    }

    private func enrollments(_ pupil: String) throws -> [[String?]] {
        try owner(
            """
            SELECT e.id, e.class_id, e.starts_on, e.ends_on, e.end_reason FROM enrollments e
            WHERE e.school_id = $1 AND e.student_id = $2 ORDER BY e.starts_on
            """, pupil)
    }

    /// In one request, or by hand: everything is as it was before the change.
    @Test(arguments: [6, 7]) func L5_undoingRestoresTheSubgroups(_ index: Int) throws {
        let pupil = ids.others[index]
        let enrollment = try enrollments(pupil)[0]
        // An end that was planned, a membership that ends before it, and one that has not begun.
        let parts = try groups(of: "part", in: "7А")
        let member = try #require(try memberships(pupil).first { parts.contains($0[1]!) })
        let planned = """
            UPDATE enrollments SET ends_on = '2026-05-20', end_reason = 'Выпуск' WHERE school_id = $1 AND id = $2
            """
        _ = try owner(planned, enrollment[0]!)
        _ = try owner("UPDATE group_members SET ends_on = '2026-03-31' WHERE school_id = $1 AND id = $2", member[0]!)
        _ = try owner(
            """
            INSERT INTO group_members (school_id, id, group_id, student_id, starts_on, ends_on)
            VALUES ($1, gen_random_uuid(), $2, $3, '2026-04-01', '2026-05-20')
            """, member[1]!, pupil)
        let (before, enrolled) = (try memberships(pupil), try enrollments(pupil))
        let part = try groups(of: "part", in: "7Б")[0]
        let moved = try move(
            pupil,
            #"{"class_id": "\#(class7B)", "starts_on": "2025-11-24", "reason": "Приказ № 31", "group_ids": ["\#(part)"]}"#
        )
        #expect(moved.status == 201, "\(moved.text)")
        #expect(moved.json["joined"]?["end_reason"]?.string == "Выпуск")
        #expect(try memberships(pupil) != before)
        let joined = moved.json["joined"]!["id"]!.string!
        if index == 6 {
            let undone = try deputy.delete("/v1/students/\(pupil)/class-changes/\(joined)")
            #expect(undone.status == 200, "\(undone.text)")
            #expect(undone.json["id"]?.string == enrolled[0][0])
            #expect(undone.json["ends_on"]?.string == "2026-05-20")
            #expect(try enrollments(pupil) == enrolled)
            #expect(try deputy.delete("/v1/students/\(pupil)/class-changes/\(joined)").status == 404)
        } else {
            let any = [("If-Match", "*")]
            #expect(try deputy.send("DELETE", "/v1/enrollments/\(joined)", headers: any).status == 204)
            let reopened = try deputy.patch(
                "/v1/enrollments/\(enrolled[0][0]!)", json: #"{"ends_on": "2026-05-20"}"#, headers: any)
            #expect(reopened.status == 200, "\(reopened.text)")
        }
        #expect(try memberships(pupil) == before)
    }

    @Test func L5_onlyTheLastClassChangeIsUndone() throws {
        let pupil = ids.others[8]
        let first = try enrollments(pupil)[0][0]!
        let path = "/v1/students/\(pupil)/class-changes"
        #expect(try deputy.delete("\(path)/\(first)").status == 409)
        let json = { (to: String, day: String) in #"{"class_id": "\#(to)", "starts_on": "\#(day)", "group_ids": []}"# }
        let there = try move(pupil, json(class7B, "2025-11-24")).json["joined"]!["id"]!.string!
        let back = try move(pupil, json(ids.class7A, "2025-12-01")).json["joined"]!["id"]!.string!
        #expect(try deputy.delete("\(path)/\(there)").status == 409)
        #expect(try deputy.delete("/v1/students/\(ids.others[9])/class-changes/\(back)").status == 404)
        #expect(try deputy.delete("\(path)/\(back)").status == 200)
        #expect(try deputy.delete("\(path)/\(there)").status == 200)
        #expect(try enrollments(pupil).map { $0[0] } == [first])
        for login in ["teacher", "parent", "student"] {
            #expect(try server.client(login).delete("\(path)/\(there)").status == 403)
        }
    }

    private static let any = [("If-Match", "*")]

    /// A new student, enrolled in 7А, and the id of the enrollment.
    private func arrive() throws -> (student: String, enrollment: String) {
        let made = try deputy.post("/v1/students", json: #"{"last_name": "Лис", "first_name": "Ада"}"#)
        let student = made.json["id"]!.string!
        let enrolled = try deputy.post(
            "/v1/enrollments",
            json: #"{"student_id": "\#(student)", "class_id": "\#(ids.class7A)", "starts_on": "2025-11-03"}"#)
        return (student, enrolled.json["id"]!.string!)
    }

    private func change(_ enrollment: String, _ json: String) throws {
        let answer = try deputy.patch("/v1/enrollments/\(enrollment)", json: json, headers: Self.any)
        #expect(answer.status == 200, "\(answer.text)")
    }

    private func moved(_ student: String) throws -> String {
        let answer = try move(
            student,
            #"{"class_id": "\#(class7B)", "starts_on": "2025-11-24", "reason": "Приказ № 31", "group_ids": []}"#)
        #expect(answer.status == 201, "\(answer.text)")
        return answer.json["joined"]?["id"]?.string ?? ""
    }

    private func undo(_ student: String, _ enrollment: String) throws -> TestClient.Answer {
        try deputy.delete("/v1/students/\(student)/class-changes/\(enrollment)")
    }

    /// The student left and came back into another class on the next day: no class change, although the dates adjoin.
    @Test func L5_anEnrollmentThatNoClassChangeMadeIsNotUndone() throws {
        let (student, first) = try arrive()
        try change(first, #"{"ends_on": "2025-11-23", "end_reason": "Переезд"}"#)
        let second = try deputy.post(
            "/v1/enrollments",
            json: #"{"student_id": "\#(student)", "class_id": "\#(class7B)", "starts_on": "2025-11-24"}"#)
        let before = try enrollments(student)
        let refused = try undo(student, second.json["id"]!.string!)
        #expect(refused.status == 409, "\(refused.text)")
        #expect(try enrollments(student) == before)
    }

    /// The server's role could write a record of a change that connects two students.
    @Test func L5_aRecordThatNamesAnotherStudentsEnrollmentUndoesNothing() throws {
        let ((student, enrollment), (other, left)) = (try arrive(), try arrive())
        try change(left, #"{"ends_on": "2025-11-23"}"#)
        let connection = try server.connection()
        try connection.execute(
            """
            SET lyceum.school_id = '\(ids.school)';
            INSERT INTO class_changes (school_id, enrollment_id, left_id, starts_on)
                VALUES (\(ids.school), '\(enrollment)', '\(left)', '2025-11-24');
            """)
        let before = [try enrollments(student), try enrollments(other)]
        let refused = try undo(student, enrollment)
        #expect(refused.status == 409, "\(refused.text)")
        #expect([try enrollments(student), try enrollments(other)] == before)
    }

    /// Corrections of the days after the change: of the earlier enrollment, or of the later one.
    enum Correction: Sendable {
        case earlier(String)
        case later(String)
    }

    /// What the earlier enrollment had before the change comes back, and nothing that the later one has.
    @Test(
        arguments: [
            // The end was set before the change, to the day before it.
            (#"{"ends_on": "2025-11-23", "end_reason": "Заявление"}"#, []),
            (nil, [.later(#"{"starts_on": "2025-11-26"}"#)]),
            (nil, [.later(#"{"starts_on": "2025-11-26"}"#), .earlier(#"{"ends_on": "2025-11-25"}"#)]),
            (nil, [.earlier(#"{"ends_on": "2025-11-20"}"#), .later(#"{"starts_on": "2025-11-21"}"#)]),
            (#"{"ends_on": "2026-05-20", "end_reason": "Выпуск"}"#, [.later(#"{"starts_on": "2025-11-27"}"#)]),
        ] as [(String?, [Correction])])
    func L5_undoingRestoresExactlyWhatWas(_ planned: String?, _ corrections: [Correction]) throws {
        let (student, first) = try arrive()
        if let planned { try change(first, planned) }
        let before = try enrollments(student)
        let second = try moved(student)
        for correction in corrections {
            switch correction {
            case .earlier(let json): try change(first, json)
            case .later(let json): try change(second, json)
            }
        }
        let undone = try undo(student, second)
        #expect(undone.status == 200, "\(undone.text)")
        #expect(try enrollments(student) == before)
    }

    /// An end that was written after the change is not erased.
    @Test(
        arguments: [
            .later(#"{"ends_on": "2025-12-20", "end_reason": "Переезд"}"#), .earlier(#"{"ends_on": "2025-11-10"}"#),
        ] as [Correction])
    func L5_aChangeWhoseEnrollmentsEndedSinceIsNotUndone(_ end: Correction) throws {
        let (student, earlier) = try arrive()
        let later = try moved(student)
        switch end {
        case .earlier(let json): try change(earlier, json)
        case .later(let json): try change(later, json)
        }
        let before = try enrollments(student)
        let refused = try undo(student, later)
        #expect(refused.status == 409, "\(refused.text)")
        #expect(try enrollments(student) == before)
    }

    /// A third enrollment between the two.
    @Test func L5_anEnrollmentInBetweenIsKept() throws {
        let (student, _) = try arrive()
        let later = try moved(student)
        try change(later, #"{"starts_on": "2025-11-27"}"#)
        let between = try deputy.post(
            "/v1/enrollments",
            json:
                #"{"student_id": "\#(student)", "class_id": "\#(ids.class7A)", "starts_on": "2025-11-25", "ends_on": "2025-11-26"}"#
        )
        #expect(between.status == 201, "\(between.text)")
        #expect(try undo(student, later).status == 409)
    }

    // MARK: Records of the days that change class

    /// Writes a record of the student like the server, at the lesson of 7А.
    private func record(_ student: String, _ what: String, _ subject: String, on date: String) throws {
        let connection = try server.connection()
        try connection.execute(
            """
            SET lyceum.school_id = '\(ids.school)'; SET lyceum.today = '\(TestServer.today)';
            SET lyceum.time_zone = 'Asia/Yekaterinburg';
            """)
        let lesson = """
            FROM lessons l JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            WHERE l.school_id = \(ids.school) AND s.name = '\(subject) 7А' AND l.date = '\(date)' LIMIT 1
            """
        switch what {
        case "mark":
            try connection.execute(
                """
                INSERT INTO line_items (school_id, id, lesson_id, section_id, title)
                    SELECT l.school_id, gen_random_uuid(), l.id, l.section_id, '\(student)' \(lesson);
                INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number)
                    SELECT i.school_id, gen_random_uuid(), i.id, '\(student)', 'number', 4 FROM line_items i
                    WHERE i.school_id = \(ids.school) AND i.title = '\(student)'
                        AND NOT EXISTS (SELECT FROM marks k WHERE k.school_id = i.school_id AND k.line_item_id = i.id);
                """)
        case "absence":
            try connection.execute(
                """
                INSERT INTO attendance (school_id, id, lesson_id, student_id, meaning)
                    SELECT l.school_id, gen_random_uuid(), l.id, '\(student)', 'absent' \(lesson)
                """)
        default:
            try connection.execute(
                """
                INSERT INTO feedback (school_id, id, student_id, section_id, lesson_id, text)
                    SELECT l.school_id, gen_random_uuid(), '\(student)', l.section_id, l.id, 'Молодец' \(lesson)
                """)
        }
    }

    private func told(_ answer: TestClient.Answer) -> [String] {
        (answer.json["records"]?.array ?? []).map {
            [
                $0["date"]?.string, $0["what"]?.string, $0["from"]?["section_name"]?.string,
                $0["to"]?["section_name"]?.string, $0["refusal"]?.string,
            ].map { $0 ?? "-" }.joined(separator: " | ")
        }
    }

    /// The order is of 17 November, and today is the 19th.
    @Test func L5_aBackdatedChangeIsListedAndMovesItsRecords() throws {
        let (student, _) = try arrive()
        // A subject that 7Б does not have on that day.
        let alone = try owner(
            """
            SELECT j.name FROM lessons l
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id AND s.name = j.name || ' 7А'
            WHERE l.school_id = $1 AND l.date = '2025-11-17' AND s.grading = 'marks' AND NOT EXISTS (
                SELECT FROM lessons o JOIN sections t ON t.school_id = o.school_id AND t.id = o.section_id
                WHERE o.school_id = l.school_id AND o.date = l.date AND t.subject_id = s.subject_id
                    AND t.name LIKE '% 7Б%'
            )
            ORDER BY j.name LIMIT 1
            """)[0][0]!
        try record(student, "mark", "Алгебра", on: "2025-11-17")
        try record(student, "mark", alone, on: "2025-11-17")
        try record(student, "absence", "Русский язык", on: "2025-11-18")
        try record(student, "feedback", "Литература", on: "2025-11-18")
        let before = try enrollments(student)
        let json = { (more: String) in
            #"{"class_id": "\#(class7B)", "starts_on": "2025-11-17", "reason": "Приказ № 31", "group_ids": []\#(more)}"#
        }
        let moves = [
            "2025-11-17 | mark | Алгебра 7А | Алгебра 7Б | -",
            "2025-11-18 | feedback | Литература 7А | Литература 7Б | -",
            "2025-11-18 | absence | Русский язык 7А | Русский язык 7Б | -",
        ]
        let path = "/v1/students/\(student)/class-changes"
        for body in [json(""), json(#", "move_records": true"#)] {
            let dry = try deputy.post(path + "?dry_run=true", json: body)
            #expect(dry.status == 200, "\(dry.text)")
            #expect(dry.json["dry_run"]?.bool == true)
            #expect(dry.json["joined"]?["class_id"]?.string == class7B)
            #expect(dry.json["left"]?["ends_on"]?.string == "2025-11-16")
            var wanted = moves
            wanted.insert("2025-11-17 | mark | \(alone) 7А | - | no_lesson", at: 1)
            #expect(told(dry) == wanted)
            #expect(dry["Location"] == nil)
        }
        // What a change would refuse, a dry run refuses too.
        #expect(
            try deputy.post(path + "?dry_run=true", json: #"{"class_id": "\#(class7B)", "starts_on": "2025-11-17"}"#)
                .status == 422)
        let plain = try deputy.post(path, json: json(""))
        #expect(plain.code == "recorded_days" && plain.json["errors"]?.array.count == 4, "\(plain.text)")
        let refused = try deputy.post(path, json: json(#", "move_records": true"#))
        #expect(refused.status == 409, "\(refused.text)")
        #expect(refused.code == "recorded_days")
        #expect(refused.json["errors"]?.array.map { $0["refusal"]?.string } == ["no_lesson"])
        #expect(refused.json["errors"]?[0]?["date"]?.string == "2025-11-17")
        #expect(try enrollments(student) == before)

        let cleared = try server.connection()
        try cleared.execute(
            """
            SET lyceum.school_id = '\(ids.school)'; SET lyceum.today = '\(TestServer.today)';
            UPDATE marks k SET kind = NULL, number = NULL
            FROM line_items i JOIN sections s ON s.school_id = i.school_id AND s.id = i.section_id AND s.name = '\(alone) 7А'
            WHERE k.school_id = \(ids.school) AND i.school_id = k.school_id AND i.id = k.line_item_id
                AND k.student_id = '\(student)'
            """)
        let moved = try deputy.post(path, json: json(#", "move_records": true"#))
        #expect(moved.status == 201, "\(moved.text)")
        #expect(moved.json["dry_run"]?.bool == false)
        #expect(told(moved) == moves)
        let diary = try deputy.get("/v1/students/\(student)/diary?from=2025-11-17&to=2025-11-18")
        let lessons = diary.json["lessons"]?.array ?? []
        #expect(!lessons.isEmpty)
        #expect(lessons.flatMap { $0["marks"]?.array ?? [] }.compactMap { $0["value"]?["number"]?.int } == [4])
        #expect(lessons.compactMap { $0["attendance"]?["meaning"]?.string } == ["absent"])
        // The new class has records now.
        let undone = try undo(student, moved.json["joined"]?["id"]?.string ?? "")
        #expect(undone.code == "recorded_days", "\(undone.text)")
    }

    @Test func sameKeyMovesOnce() throws {
        let pupil = ids.others[2]
        let json = #"{"class_id": "\#(class7B)", "starts_on": "2025-11-24", "group_ids": []}"#
        let answers = try (0..<2).map { _ in try move(pupil, json, headers: [("Idempotency-Key", "move-\(pupil)")]) }
        #expect(answers.map { $0.status } == [201, 201])
        #expect(answers[0].text == answers[1].text)
        #expect(
            try owner("SELECT count(*) FROM enrollments WHERE school_id = $1 AND student_id = $2", pupil) == [["2"]])
    }

    @Test func twoSimultaneousChangesMoveOnce() async throws {
        let pupil = ids.others[3]
        let deputy = deputy
        let statuses = try atOnce(2) { _ in
            try deputy.post(
                "/v1/students/\(pupil)/class-changes",
                json: #"{"class_id": "\#(class7B)", "starts_on": "2025-11-24", "group_ids": []}"#
            ).status
        }
        #expect(statuses.sorted() == [201, 409])
        #expect(
            try owner("SELECT count(*) FROM enrollments WHERE school_id = $1 AND student_id = $2", pupil) == [["2"]])
    }

    /// The change waits for a running write of the journal and sees its records, which would otherwise become invisible
    /// (M3).
    @Test func M3_changeWaitsForRunningWrites() throws {
        let pupil = ids.others[4]
        let writer = try server.owner()
        // Today is some days later, because nothing may be recorded for future lessons.
        try writer.execute("BEGIN; SET LOCAL lyceum.today = '2025-11-26'")
        // A batch of the journal begins with this lock.
        _ = try writer.query("SELECT id FROM sections WHERE id = $1 FOR NO KEY UPDATE", [ids.section])
        let deputy = deputy
        let class7B = class7B
        let moving = WorkThread {
            Result {
                try deputy.post(
                    "/v1/students/\(pupil)/class-changes",
                    json: #"{"class_id": "\#(class7B)", "starts_on": "2025-11-20", "group_ids": []}"#)
            }
        }
        let watcher = try server.owner()
        let moved = "SELECT count(*) FROM enrollments WHERE school_id = $1 AND student_id = $2"
        let waiting = """
            SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE NOT granted AND datname = current_database()
            """
        for _ in 0..<100_000 {
            if try watcher.query(waiting).first != "0" { break }
            if try watcher.query(moved, [String(ids.school), pupil]).first != "1" { break }
        }
        _ = try writer.query(
            """
            INSERT INTO attendance (school_id, id, lesson_id, student_id, meaning)
            SELECT l.school_id, gen_random_uuid(), l.id, $2, 'absent'
            FROM lessons l WHERE l.section_id = $1 AND l.date >= '2025-11-20'
            ORDER BY l.date LIMIT 1
            """, [ids.section, pupil])
        try writer.execute("COMMIT")
        let answer = try moving.join().get()
        #expect(answer.status == 409, "\(answer.text)")
        #expect(answer.code == "recorded_days")
        #expect(answer.json["errors"]?[0]?["code"]?.string == "absence")
    }
}
