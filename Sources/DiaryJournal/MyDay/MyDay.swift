import Diary
import JSON
import Postgres
import Web

/// One day on one screen, for every role: the family's children, the teacher's lessons, the class teacher's class, the
/// school of a head. A part that does not concern the person is empty.
package enum MyDay {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/me/day", "getMyDay", access: .signedIn, show)
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let day = query.date("date")
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let person: [Parameter] = [school, .text(caller.user)]
        func own(_ statement: Statement) -> Query { Query(statement: statement, parameters: person) }
        return try await Answer(capacity: 16 * 1024) {
            Gate(date(.text(day)))
            Fields(date(.text(day)))
            List("students", own(students)) {
                List("lessons", studentLessons(school))
                List("homework", studentHomework(school))
                List("marks", studentMarks(school))
                List("feedback", studentFeedback(school))
                List("conduct_notes", studentConductNotes(school))
            }
            List("teaching", own(teaching))
            List("unfinished", own(unfinished))
            List("classes", own(classes)) {
                List("absent", own(absent))
            }
            if caller.readsAll {
                Object("school", ofSchool(school))
            } else {
                Member("school") { writer, _ in writer.null() }
            }
            Object("unread", own(unread))
        }.tagged(for: caller)
    }

    /// The day and the hour, for the statements that follow.
    private static let date = Statement(
        """
        SELECT d.date, lyceum.today() AS today, \(Setting.from.set(to: "d.date")) AS _date
        FROM (SELECT coalesce($1::date, lyceum.today()) AS date) d
        """)

    /// What the person has not read.
    private static let unread = Statement(
        """
        SELECT lyceum.unread_notifications($1, $2::uuid) AS notifications,
            lyceum.unread_messages($1, $2::uuid) AS messages
        """)

    /// The day that the answer is about.
    static let day = "(SELECT \(Setting.from.required))"
}
