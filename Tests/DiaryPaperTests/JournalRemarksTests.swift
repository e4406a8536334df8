import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// Remarks about journals: a deputy head asks, the teacher of the section is told and answers, the deputy head closes.
@Suite(.serialized) struct JournalRemarksTests {
    private let school: ReportSchool
    private let section: String
    private let (teacher, stranger): (TestClient, TestClient)
    private let teacherID: String

    init() async throws {
        school = try await ReportSchool(today: "2025-10-15")
        teacherID = try school.teacher("Соколова")
        let other = try school.teacher("Чужова")
        let schoolClass = try school.schoolClass("7А")
        section = try school.section("Алгебра", of: schoolClass, teacher: teacherID, hours: 3)
        teacher = try school.client(teacherID, "teacher")
        stranger = try school.client(other, "teacher")
    }

    private func make(_ text: String = "Нет тем за сентябрь", due: String = "2025-10-20") throws -> TestClient.Answer {
        try school.deputy.post(
            "/v1/journal-remarks", json: #"{"section_id": "\#(section)", "text": "\#(text)", "due_on": "\#(due)"}"#)
    }

    /// With the tag that the client has seen, if it sees the remark.
    private func change(_ client: TestClient, _ remark: String, _ json: String) throws -> TestClient.Answer {
        let path = "/v1/journal-remarks/\(remark)"
        return try client.patch(path, json: json, headers: [("If-Match", try client.get(path)["ETag"] ?? "\"v1\"")])
    }

    private func notices() throws -> [JSONValue] {
        try teacher.get("/v1/notifications").json["items"]!.array.filter { $0["kind"]?.string == "journal_remark" }
    }

    /// Administrators read the log, but not the remarks: these may name students.
    @Test func a5_theAuditLogHasRemarksWithoutTheirWords() throws {
        let id = try make("Нет отметок у Петровой").json["id"]!.string!
        let admin = try school.person("Админов", "administrator")
        let log = try school.client(admin, "administrator").get("/v1/audit?entity_id=\(id)").json["items"]!.array
        try #require(log.count == 1)
        #expect(log[0]["after"]?["section_id"]?.string == section)
        #expect(log[0]["after"]?["text"]?.string == "hidden")
    }

    @Test func theTeacherIsToldAndAnswers() throws {
        let made = try make()
        try #require(made.status == 201, "\(made.text)")
        let id = made.json["id"]!.string!
        #expect(made.json["state"]?.string == "open" && made.json["answer"] == .null)
        let told = try notices()
        try #require(told.count == 1)
        #expect(told[0]["about"]?["text"]?.string == "Нет тем за сентябрь")
        #expect(told[0]["about"]?["due_on"]?.string == "2025-10-20")

        let answered = try change(teacher, id, #"{"answer": "Дописала"}"#)
        try #require(answered.status == 200, "\(answered.text)")
        #expect(answered.json["state"]?.string == "answered" && answered.json["answered_by"]?.string == teacherID)

        // Asked again: the teacher is told again, and the answer stays.
        let again = try change(school.deputy, id, #"{"state": "open"}"#)
        #expect(again.status == 200 && again.json["answer"]?.string == "Дописала")
        #expect(try notices().count == 2)
        let closed = try change(school.deputy, id, #"{"state": "closed"}"#)
        #expect(closed.json["state"]?.string == "closed" && closed.json["closed_at"] != .null)
        let late = try change(teacher, id, #"{"answer": "Ещё раз"}"#)
        #expect(late.status == 409 && late.code == "remark_closed")
    }

    @Test func a4OthersNeitherSeeNorWrite() throws {
        let id = try make().json["id"]!.string!
        #expect(try stranger.get("/v1/journal-remarks/\(id)").status == 404)
        #expect(try stranger.get("/v1/journal-remarks").json["items"]!.array.isEmpty)
        #expect(try change(stranger, id, #"{"answer": "Да"}"#).status == 404)
        #expect(try teacher.get("/v1/journal-remarks").json["items"]!.array.count == 1)
        // The teacher does not close it, and does not change what was asked; the deputy head does not answer.
        #expect(try change(teacher, id, #"{"state": "closed"}"#).status == 403)
        #expect(try change(teacher, id, #"{"text": "Всё есть"}"#).status == 403)
        #expect(try change(school.deputy, id, #"{"answer": "Да"}"#).status == 403)
        #expect(try change(school.deputy, id, #"{"state": "answered"}"#).status == 403)
        let own = try teacher.post(
            "/v1/journal-remarks", json: #"{"section_id": "\#(section)", "text": "Я", "due_on": "2025-10-20"}"#)
        #expect(own.status == 403)
    }

    @Test func aDayThatHasPassedIsRefused() throws {
        let made = try make(due: "2025-10-14")
        #expect(made.status == 422 && made.json["errors"]?[0]?["pointer"]?.string == "/due_on")
    }

    @Test func a5EachChangeIsRecorded() throws {
        let id = try make().json["id"]!.string!
        _ = try change(teacher, id, #"{"answer": "Дописала"}"#)
        let rows = try school.owner.query(
            "SELECT action || ' ' || coalesce(after ->> 'state', '') FROM audit_log WHERE entity_id = $1 ORDER BY id",
            [id]
        ).rows.map { $0[0]! }
        #expect(rows == ["insert open", "update answered"])
    }

    /// The server takes the snapshot of the last week once, and of a term that has ended.
    @Test func snapshotsOfTheWeekAndTheTermAreTakenOnce() throws {
        _ = try school.lesson(section, "2025-10-08")
        #expect(try school.owner.query("SELECT lyceum.take_control_snapshots()").first == "1")
        #expect(try school.owner.query("SELECT lyceum.take_control_snapshots()").first == "0")
        // The week from 20 October has no lesson; the quarter ended on the 24th.
        let taken = try school.on("2025-10-27") {
            try school.owner.query("SELECT lyceum.take_control_snapshots()").first
        }
        #expect(taken == "1")
        let list = try school.deputy.get("/v1/control-snapshots").json["items"]!.array
        #expect(
            list.map { "\($0["kind"]!.string!) \($0["starts_on"]!.string!) \($0["ends_on"]!.string!)" } == [
                "week 2025-10-06 2025-10-12", "term 2025-09-01 2025-10-24",
            ])
        let term = try school.term(1)
        #expect(list[1]["term_id"]?.string == term)
        let report = try school.deputy.get("/v1/reports/journal-control?snapshot_id=\(list[0]["id"]!.string!)")
        #expect(report.json["school_figures"]?["due_lessons"]?.int == 1, "\(report.text.prefix(500))")
        #expect(try teacher.get("/v1/control-snapshots").status == 403)
    }
}
