import Diary
import DiaryJournal
import DiaryPeople
import DiarySchool
import Postgres
import Web

/// The feeds: the changes since a cursor, of the school and of one student.
package enum Changes {
    package static let routes: [Route<Access, Caller>] = [
        .get(
            "/v1/changes", "listChanges", access: .staff.programs(.schoolRead, .peopleRead, .journalRead), ofSchool),
        .get("/v1/students/{student_id}/changes", "listStudentChanges", access: .readersOfMarks, ofStudent),
    ]

    /// All entities that the feeds report.
    package static let entities = SchoolChanges.entities + PeopleChanges.entities + JournalChanges.entities

    @Sendable private static func ofSchool(_ request: Request, _ caller: Caller) async throws -> Response {
        try await schoolFeed.answer(request, caller)
    }

    /// What the family sees, also for the other callers who see all days of the student.
    @Sendable private static func ofStudent(_ request: Request, _ caller: Caller) async throws -> Response {
        let student = StudentGate.open(caller, try request.identifier("student_id"))
        return try await studentFeed.answer(request, caller, behind: [student, allDays()])
    }

    private static let schoolFeed = ChangeFeed(
        entities, circles: "SELECT c.circle, c.id FROM lyceum.staff_circles($1, $2::uuid) c")
    private static let studentFeed = ChangeFeed(
        entities.filter { !$0.familyCircles.isEmpty },
        circles: """
            SELECT c.circle, c.id FROM lyceum.student_circles($1, \(StudentGate.student)) c WHERE $2::uuid IS NOT NULL
            """,
        isOfFamily: true)

    /// Returns a row if the caller sees all days. A former class teacher sees only some (A3), and reads the diary
    /// instead.
    private static let allDays = Statement(
        "SELECT WHERE coalesce(\(StudentGate.days), '{(,)}'::datemultirange) = '{(,)}'::datemultirange")
}
