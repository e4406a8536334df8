import Diary
import DiaryJournal
import DiaryPeople
import DiarySchool
import DiaryTalk
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
    package static let entities =
        SchoolChanges.entities + PeopleChanges.entities + JournalChanges.entities + TalkChanges.entities

    @Sendable private static func ofSchool(_ request: Request, _ caller: Caller) async throws -> Response {
        try await schoolFeed.answer(request, caller)
    }

    /// What the family sees, also for the other callers who see all days of the student.
    @Sendable private static func ofStudent(_ request: Request, _ caller: Caller) async throws -> Response {
        let student = StudentGate.open(caller, try request.identifier("student_id"))
        return try await studentFeed.answer(request, caller, behind: [student, StudentGate.allDays()])
    }

    static let schoolFeed = ChangeFeed(
        entities,
        circles: """
            SELECT c.circle, c.id FROM lyceum.staff_circles($1, $2::uuid) c
            UNION ALL
            SELECT c.circle, c.id FROM lyceum.address_circles($1, $2::uuid, NULL) c
            """)
    private static let studentFeed = ChangeFeed(
        entities.filter { !$0.familyCircles.isEmpty },
        circles: """
            SELECT c.circle, c.id FROM lyceum.student_circles($1, \(StudentGate.student)) c
            UNION ALL
            SELECT c.circle, c.id FROM lyceum.address_circles($1, $2::uuid, \(StudentGate.student)) c
            """,
        isOfFamily: true)
}
