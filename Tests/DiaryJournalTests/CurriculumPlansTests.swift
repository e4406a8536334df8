import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Curriculum plans over the API (P1, P2, L3): a draft of the common base, its approval, its copy in a section, lessons,
/// lost lessons, a correction, and what a family sees of it.
@Suite(.serialized) struct CurriculumPlansTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient
    let deputy: TestClient

    init() async throws {
        server = try await TestServer()
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
        deputy = try server.client("deputy")
    }

    /// Year, subject and grade level of the section.
    private struct Place {
        let year: String
        let subject: String
        let grade: Int
    }

    private func place() throws -> Place {
        let row = try server.owner().query(
            """
            SELECT s.academic_year_id, s.subject_id, g.grade_level FROM sections s
            JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id WHERE s.school_id = $1 AND s.id = $2
            """, [String(ids.school), ids.section]
        ).rows[0]
        return Place(year: row[0]!, subject: row[1]!, grade: Int(row[2]!)!)
    }

    private func id(_ number: Int) -> String { "0198d49b-2971-7734-bf85-4d8e3c92" + String(1000 + number) }

    private func topics(_ hours: [Int], from first: Int = 1) -> String {
        hours.enumerated().map { index, hours in
            """
            {"id": "\(id(first + index))", "unit_id": "\(id(90))", "title": "Тема \(first + index)", "hours": \(hours),
            "planned_week": \(index + 1), "homework": "§ \(index + 1)"}
            """
        }.joined(separator: ", ")
    }

    private func content(_ hours: [Int]) -> String {
        hours.isEmpty
            ? #""topics": []"#
            : #""units": [{"id": "\#(id(90))", "title": "Раздел"}], "topics": [\#(topics(hours))]"#
    }

    private func draft(_ hours: [Int], title: String = "Новый план", section: String? = nil) throws -> TestClient.Answer
    {
        let place = try place()
        return try teacher.post(
            "/v1/curriculum-plans",
            json: """
                {"academic_year_id": "\(place.year)", "subject_id": "\(place.subject)", "grade_level": \(place.grade),
                "section_id": \(section.map { "\"\($0)\"" } ?? "null"), "title": "\(title)", \(content(hours))}
                """)
    }

    private func send(
        _ client: TestClient, _ method: String, _ path: String, _ body: String = "{}", tag: String? = "*"
    ) throws -> TestClient.Answer {
        try client.send(
            method, path,
            headers: [("Content-Type", "application/json")] + (tag.map { [("If-Match", $0)] } ?? []),
            body: Array(body.utf8))
    }

    private func error(_ answer: TestClient.Answer) -> String {
        "\(answer.status) \(answer.json["errors"]?[0]?["pointer"]?.string ?? "") \(answer.json["errors"]?[0]?["code"]?.string ?? "")"
    }

    private func titles(_ plan: JSONValue) -> [String?] { plan["topics"]?.array.map { $0["title"]?.string } ?? [] }

    private func path(_ id: String) -> String { "/v1/curriculum-plans/\(id)" }

    /// Puts the demo's plan of the section out of use.
    private func archiveOwnPlan() throws {
        let own = try #require(ids.rows["{curriculum_plan_id}"])
        let answer = try send(deputy, "PATCH", path(own), #"{"state": "archived"}"#)
        try #require(answer.status == 200, "\(answer.text)")
    }

    // MARK: Content

    @Test func p1AWholePlanIsWrittenInOneRequest() throws {
        let made = try draft([2, 1, 3])
        try #require(made.status == 201, "\(made.text)")
        let path = path(try #require(made.json["id"]?.string))
        #expect(made.json["version"]?.int == 1)
        #expect(titles(made.json) == ["Тема 1", "Тема 2", "Тема 3"])
        #expect(made.json["topics"]?[0]?["hours"]?.int == 2)
        #expect(made.json["author_id"]?.string != nil && made.json["state"]?.string == "draft")

        // Another order, one topic fewer, one new; one new version.
        let changed = try send(
            teacher, "PATCH", path,
            """
            {"topics": [\(topics([3], from: 3)), \(topics([5], from: 1)), {"id": "\(id(8))", "title": "Новая"}]}
            """, tag: made["ETag"])
        try #require(changed.status == 200, "\(changed.text)")
        #expect(titles(changed.json) == ["Тема 3", "Тема 1", "Новая"])
        #expect(changed.json["version"]?.int == 2)
        // M5: somebody who has seen the first version.
        #expect(try send(teacher, "PATCH", path, #"{"topics": []}"#, tag: made["ETag"]).status == 412)
        // A unit with topics stays.
        #expect(try error(send(teacher, "PATCH", path, #"{"units": []}"#)) == "409 /units in_use")
        // An id of another plan
        let other = self.path(try #require(draft([], title: "Другой").json["id"]?.string))
        #expect(try error(send(teacher, "PATCH", other, "{\(content([1]))}")) == "409 /units already_exists")
        #expect(try send(teacher, "DELETE", path).status == 204)
        #expect(try teacher.get(path).status == 404)
    }

    /// P1: teachers write what they teach, and nobody else's.
    @Test func p1OthersDoNotWriteThePlan() throws {
        let made = try draft([1])
        let path = path(try #require(made.json["id"]?.string))
        let person = try server.owner().query(
            """
            SELECT r.user_id FROM user_roles r
            WHERE r.school_id = $1 AND r.role = 'teacher'
                AND NOT EXISTS (SELECT FROM user_roles o WHERE o.user_id = r.user_id AND o.role <> 'teacher')
                AND NOT EXISTS (
                    SELECT FROM section_teachers t JOIN sections s ON s.id = t.section_id
                    WHERE t.teacher_id = r.user_id AND s.subject_id = $2
                )
            ORDER BY r.user_id LIMIT 1
            """, [String(ids.school), place().subject]
        ).first
        let colleague = try server.session(of: #require(person), school: ids.school, roles: ["teacher"])
        #expect(try send(colleague, "PATCH", path, #"{"title": "Чужой"}"#).code == "not_your_plan")
        #expect(try send(colleague, "PATCH", path, #"{"topics": []}"#).code == "not_your_plan")
        #expect(try send(colleague, "DELETE", path).code == "not_your_plan")
        let place = try place()
        let foreign = try colleague.post(
            "/v1/curriculum-plans",
            json: """
                {"academic_year_id": "\(place.year)", "subject_id": "\(place.subject)", "grade_level": \(place.grade), "title": "x"}
                """)
        #expect(foreign.code == "not_your_plan", "\(foreign.text)")
        #expect(try send(deputy, "PATCH", path, #"{"title": "Завуч"}"#).status == 200)
    }

    @Test func p1TheListIsFiltered() throws {
        let place = try place()
        let made = try draft([2, 2])
        let author = try #require(made.json["author_id"]?.string)
        func found(_ query: String) throws -> [String?] {
            let answer = try teacher.get("/v1/curriculum-plans?limit=200&\(query)")
            try #require(answer.status == 200, "\(answer.text)")
            return answer.json["items"]?.array.map { $0["id"]?.string } ?? []
        }
        let id = made.json["id"]?.string
        #expect(
            try found("state=draft&subject_id=\(place.subject)&grade_level=\(place.grade)&author_id=\(author)")
                .contains(id))
        #expect(try !found("state=approved").contains(id))
        #expect(try !found("kind=section").contains(id))
        #expect(try found("section_id=\(ids.section)") == [ids.rows["{curriculum_plan_id}"]])
        #expect(try found("ids=\(id!)") == [id])
        let item = try teacher.get("/v1/curriculum-plans?ids=\(id!)").json["items"]?[0]
        #expect(item?["hours"]?.int == 4 && item?["section"]?.isNull == true)
        for query in ["grade_level=12", "state=x", "section_id=x", "kind=x"] {
            #expect(try teacher.get("/v1/curriculum-plans?\(query)").status == 400, "\(query)")
        }
    }

    // MARK: Approval, copy, progress, shift, correction

    @Test func p1FromADraftToACorrectedPlanOfTheSection() throws {
        let base = path(try #require(try draft([60, 60, 60]).json["id"]?.string))
        let copies = "\(base)/copies"
        let body = #"{"section_id": "\#(ids.section)"}"#
        #expect(try teacher.post(copies, json: body).code == "plan_not_approved")
        #expect(try send(teacher, "PUT", "\(base)/approval").code == "forbidden")
        #expect(try send(deputy, "PUT", "\(base)/approval", tag: "\"v99\"").status == 412)
        #expect(try send(deputy, "PUT", "\(base)/approval", tag: nil).status == 428)
        let approved = try send(deputy, "PUT", "\(base)/approval")
        #expect(approved.json["state"]?.string == "approved" && approved.json["approved_by"]?["last_name"] != nil)
        #expect(try send(deputy, "PUT", "\(base)/approval").json["version"] == approved.json["version"])
        #expect(try send(deputy, "PATCH", base, #"{"topics": []}"#).code == "plan_approved")

        #expect(try error(teacher.post(copies, json: body)) == "409 /section_id already_exists")
        try archiveOwnPlan()
        let copy = try teacher.post(copies, json: body)
        try #require(copy.status == 201, "\(copy.text)")
        #expect(copy.json["state"]?.string == "approved" && copy.json["approved_by"] == approved.json["approved_by"])
        let again = try teacher.post(copies, json: body)
        #expect(again.status == 200 && again.json["id"] == copy.json["id"])
        let plan = path(try #require(copy.json["id"]?.string))
        #expect(try send(teacher, "PATCH", plan, #"{"topics": []}"#).code == "plan_approved")

        // The section has held more lessons than the plan has topics; none of them has a topic of the new plan.
        let page = try teacher.get("/v1/sections/\(ids.section)/plan").json
        #expect(page["plan"]?["is_own"]?.bool == true && page["progress"]?["given_hours"]?.int == 0)
        #expect(page["progress"]?["hours"]?.int == 180 && page["progress"]?["percent"]?.int == 0)
        #expect(page["next_topic"]?["title"]?.string == "Тема 1")
        let lessonsLeft = try #require(page["progress"]?["lessons_left"]?.int)
        #expect(page["progress"]?["difference"]?.int == lessonsLeft - 180)

        // L3: the journal takes a topic of the copy, not of the base.
        let topic = try #require(page["next_topic"]?["id"]?.string)
        func write(_ topic: String) throws -> TestClient.Answer {
            let version = try server.owner().query(
                "SELECT version FROM lessons WHERE school_id = $1 AND id = $2", [String(ids.school), ids.lesson]
            ).first!
            return try teacher.patch(
                "/v1/sections/\(ids.section)/journal",
                json: #"{"lessons": [{"id": "\#(ids.lesson)", "version": \#(version), "plan_topic_id": "\#(topic)"}]}"#)
        }
        #expect(try write(id(1)).code == "not_in_section")
        #expect(try write(topic).status == 200)
        let coverage = try teacher.get("/v1/sections/\(ids.section)/coverage").json
        #expect(coverage["given_hours"]?.int == 1)
        let planned = try #require(coverage["planned_hours"]?.int)
        #expect(planned > 10)
        // One hour of `planned`, in tenths of a percent, rounded half up; in the answer as a number with one digit.
        let tenths = (2000 / planned + 1) / 2
        let percent = tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
        #expect(coverage["percent"] == .number(percent), "\(coverage)")

        // The plan is too long: the last topic finds no lesson.
        let shift = "/v1/sections/\(ids.section)/plan/shift"
        let dry = try teacher.post("\(shift)?dry_run=true", json: "{}").json
        #expect(dry["hours_left"]?.int == 179 && dry["lessons_left"]?.int == lessonsLeft)
        #expect(dry["difference"]?.int == lessonsLeft - 179 && lessonsLeft < 179)
        #expect(dry["topics"]?[2]?["planned_on"]?.isNull == (lessonsLeft < 120))
        let before = try teacher.get(plan)
        #expect(before.json["topics"]?[1]?["planned_on"]?.isNull == true, "a dry run changes nothing")
        let shifted = try teacher.post(shift, json: "{}")
        #expect(shifted.status == 200, "\(shifted.text)")
        #expect(shifted.json["topics"] == dry["topics"])
        let after = try teacher.get(plan)
        #expect(after.json["topics"]?[1]?["planned_on"] == dry["topics"]?[1]?["planned_on"])
        #expect(after["ETag"] != before["ETag"])
        #expect(try error(teacher.post(shift, json: #"{"from": "2020-01-01"}"#)) == "422 /from outside_year")

        // The correction: the last topic becomes a part of the second one, which gets as many hours as lessons are left.
        let topics = try #require(after.json["topics"]?.array.compactMap { $0["id"]?.string })
        let corrections = "\(plan)/corrections"
        let left = lessonsLeft - 59
        let wish = """
            {"reason": "Карантин", "items": [{"kind": "merge", "topic_id": "\(topics[2])", "into_id": "\(topics[1])"},
                {"kind": "hours", "topic_id": "\(topics[1])", "hours": \(left)}]}
            """
        let proposed = try teacher.post(corrections, json: wish)
        try #require(proposed.status == 201, "\(proposed.text)")
        #expect(proposed.json["hours_before"]?.int == 179 && proposed.json["hours_after"]?.int == 59 + left)
        #expect(proposed.json["difference"]?.int == 0 && proposed.json["approved_at"]?.isNull == true)
        #expect(proposed.json["items"]?[0]?["topic_title"]?.string == "Тема 3")
        let correction = try "\(corrections)/\(#require(proposed.json["id"]?.string))"
        #expect(try send(teacher, "PUT", "\(correction)/approval").code == "forbidden")
        let done = try send(deputy, "PUT", "\(correction)/approval", tag: proposed["ETag"])
        try #require(done.status == 200, "\(done.text)")
        #expect(done.json["approved_by"]?["last_name"] != nil && done.json["hours_after"]?.int == 59 + left)
        #expect(try titles(teacher.get(plan).json) == ["Тема 1", "Тема 2"])
        #expect(try send(teacher, "DELETE", correction).code == "correction_approved")
        #expect(try teacher.get(corrections).json["items"]?.array.count == 1)
        #expect(try teacher.post(shift, json: "{}").json["difference"]?.int == 0)

        // A1: the family reads topics and dates, and nothing of the teacher's.
        let parent = try server.client("parent")
        let family = try parent.get("/v1/students/\(ids.child)/plans")
        let mine = try #require(family.json["items"]?.array.first { $0["id"]?.string == ids.section })
        #expect(titles(mine) == ["Тема 1", "Тема 2"])
        #expect(
            mine["topics"]?[0]?["given_on"]?.array.count == 1 && mine["topics"]?[1]?["given_on"]?.array.isEmpty == true)
        #expect(mine["topics"]?[0]?["homework"] == nil && !family.text.contains("Карантин"))
        #expect(try parent.get("/v1/students/\(ids.others[0])/plans").status == 404)
        // A draft is the teacher's.
        #expect(try send(deputy, "DELETE", "\(plan)/approval").json["state"]?.string == "draft")
        let drafts = try parent.get("/v1/students/\(ids.child)/plans").json["items"]?.array ?? []
        #expect(!drafts.isEmpty && !drafts.contains { $0["id"]?.string == ids.section })
        #expect(try teacher.get("/v1/sections/\(ids.section)/plan").json["plan"]?["state"]?.string == "draft")
    }

    /// P1: a plan of the section's own, written by its teacher; a proposed correction can be withdrawn.
    @Test func p1CorrectionsAreChecked() throws {
        let own = path(try #require(ids.rows["{curriculum_plan_id}"]))
        let plan = try teacher.get(own).json
        let topics = try #require(plan["topics"]?.array.compactMap { $0["id"]?.string })
        let corrections = "\(own)/corrections"
        func propose(_ items: String) throws -> TestClient.Answer {
            try teacher.post(corrections, json: #"{"reason": "Карантин", "items": [\#(items)]}"#)
        }
        #expect(try propose(#"{"kind": "drop", "topic_id": "\#(topics[0])"}"#).code == "topic_given")
        let last = topics.last!
        let drop = #"{"kind": "drop", "topic_id": "\#(last)"}"#
        #expect(try error(propose(drop + "," + drop)) == "409 /items already_exists")
        #expect(try error(propose(drop.replacing(last, with: DemoSchoolIDs.nothing))) == "422 /items unknown_reference")
        #expect(
            try error(propose(#"{"kind": "merge", "topic_id": "\#(last)", "into_id": "\#(DemoSchoolIDs.nothing)"}"#))
                == "422 /items unknown_reference")
        #expect(
            try error(propose(#"{"kind": "merge", "topic_id": "\#(last)", "into_id": "\#(last)"}"#))
                == "422 /items invalid")
        #expect(try error(propose(#"{"kind": "merge", "topic_id": "\#(last)"}"#)) == "422 /items/0/into_id required")
        #expect(
            try error(propose(#"{"kind": "hours", "topic_id": "\#(last)", "hours": 0}"#))
                == "422 /items/0/hours out_of_range")
        #expect(
            try error(propose(#"{"kind": "drop", "topic_id": "\#(last)", "hours": 1}"#))
                == "422 /items/0/hours exclusive")
        #expect(try error(propose("")).hasPrefix("422 /items"))
        #expect(try error(teacher.post(corrections, json: #"{"items": [\#(drop)]}"#)) == "422 /reason required")
        let made = try propose(drop)
        #expect(made.status == 201, "\(made.text)")
        let one = try "\(corrections)/\(#require(made.json["id"]?.string))"
        #expect(try teacher.get(one).text == made.text)
        #expect(try send(teacher, "DELETE", one, tag: "\"v9\"").status == 412)
        #expect(try send(teacher, "DELETE", one).status == 204)
        #expect(try teacher.get(one).status == 404)
    }

    /// Nothing is written before the plan is seen in feeds: a change of topics is a change of the plan.
    @Test func p1FeedsReportThePlan() throws {
        let own = try #require(ids.rows["{curriculum_plan_id}"])
        let start = try #require(teacher.get("/v1/changes").json["cursor"]?.string)
        let parent = try server.client("parent")
        let feed = "/v1/students/\(ids.child)/changes"
        let familyStart = try #require(parent.get(feed).json["cursor"]?.string)
        let plan = try teacher.get(path(own)).json
        let topics = try #require(plan["topics"]?.array)
        let changed = topics.enumerated().map { index, topic in
            """
            {"id": "\(topic["id"]!.string!)", "unit_id": \(topic["unit_id"]?.string.map { "\"\($0)\"" } ?? "null"),
            "title": "\(topic["title"]!.string!.replacing("\"", with: "\\\""))", "hours": \(topic["hours"]!.int!),
            "planned_week": 40, "is_control": \(topic["is_control"]!.bool!)}
            """
        }.joined(separator: ", ")
        let answer = try send(teacher, "PATCH", path(own), #"{"topics": [\#(changed)]}"#)
        try #require(answer.status == 200, "\(answer.text)")
        let items = try teacher.get("/v1/changes?since=\(start)&include=data").json["items"]?.array ?? []
        #expect(items.map { $0["entity"]?.string } == ["curriculum_plans"])
        #expect(items.first?["id"]?.string == own && items.first?["data"]?["title"] == plan["title"])
        let family = try parent.get("\(feed)?since=\(familyStart)&include=data").json["items"]?.array ?? []
        #expect(family.map { $0["entity"]?.string } == ["curriculum_plans"])
        #expect(family.first?["data"]?["author_id"] == nil)
        // A teacher of other sections hears nothing.
        #expect(try deputy.get("/v1/changes?since=\(start)").json["items"]?.array.count == 1)
    }
}
