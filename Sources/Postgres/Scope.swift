import Reactor

/// In whose name a segment runs: what row-level security, the rules and the history read. Every segment begins with it.
package struct Scope: Sendable {
    package var school: Int
    package var user: String?
    package var session: String?
    /// The program, where it is not one of the school's own: alone, or for the user.
    package var client: String?
    package var timeZone: String
    package var requestID: String
    /// Milliseconds after which PostgreSQL ends a statement of the segment.
    package var timeout: Int
    /// Where the time that the database takes is noted.
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
    /// A session of a program of others ends at once for reads, too. The school's own apps are not asked: their people's
    /// access tokens read for as long as they live (docs/decisions/0037).
    var forReading: Query {
        let isProgram = client != nil && session?.isEmpty == false
        return isProgram ? Self.readingAsProgram(parameters) : Self.reading(parameters)
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
    private static let readingAsProgram = Statement("SELECT \(settings), lyceum.require_session()")
    /// Writes also ask whether the session still lives: ending one takes effect at once for them.
    private static let writing = Statement(
        "SELECT \(settings), CASE WHEN $3 <> '' THEN lyceum.require_session() END")
}

extension Statement {
    func callAsFunction(_ parameters: [Parameter]) -> Query { Query(statement: self, parameters: parameters) }
}
