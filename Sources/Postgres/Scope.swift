import Reactor

/// On whose behalf a segment runs. Row-level security, the rules and the history read it. Every segment begins with it.
package struct Scope: Sendable {
    package var school: Int
    package var user: String?
    package var session: String?
    /// The integration, or the app of others that the user has; nil for the school's own apps.
    package var client: String?
    package var timeZone: String
    package var requestID: String
    /// Milliseconds after which PostgreSQL cancels a statement of the segment.
    package var timeout: Int
    /// Records the time that the database takes.
    package var timing: RequestTiming?

    package init(
        school: Int, user: String? = nil, session: String? = nil, client: String? = nil, timeZone: String = "UTC",
        requestID: String = "", timeout: Int = 5000, timing: RequestTiming? = nil
    ) {
        self.school = school
        self.user = user
        self.session = session
        self.client = client
        self.timeZone = timeZone
        self.requestID = requestID
        self.timeout = timeout
        self.timing = timing
    }

    /// The first query of a segment that reads.
    ///
    /// The session of an app of others or of an integration is checked. For the school's own apps it is not: their
    /// access tokens read until they expire (docs/decisions/0037).
    var forReading: Query {
        let isChecked = client != nil && session?.isEmpty == false
        return isChecked ? Self.checkedReading(parameters) : Self.reading(parameters)
    }
    var forWriting: Query { Self.writing(parameters) }

    private var parameters: [Parameter] {
        [
            .integer(school), .text(user ?? ""), .text(session ?? ""), .text(timeZone), .text(requestID),
            .integer(timeout), .text(client ?? ""),
        ]
    }

    private static let settings = """
        \(Setting.school.set(text: "$1")), \(Setting.user.set(text: "$2")), \
        \(Setting.session.set(text: "$3")), \(Setting.timeZone.set(to: "$4")), \
        \(Setting.requestID.set(to: "$5")), set_config('statement_timeout', $6, true), \
        \(Setting.client.set(text: "$7"))
        """
    private static let reading = Statement("SELECT \(settings)")
    private static let checkedReading = Statement("SELECT \(settings), lyceum.require_session()")
    /// Writes also check that the session still exists, so that ending it takes effect on them at once.
    private static let writing = Statement(
        "SELECT \(settings), CASE WHEN $3 <> '' THEN lyceum.require_session() END")
}

extension Statement {
    func callAsFunction(_ parameters: [Parameter]) -> Query { Query(statement: self, parameters: parameters) }
}
