import DiaryTestSupport
import Postgres
import TestSupport
import TestTools
import Testing

/// L1 under concurrent writes: connections with the server's role, on threads, each in its own transaction. One race
/// runs at a time, each in its own school.
@Suite(.serialized) struct LessonRaceTests {
    private static let database = Result { try TestDatabase(.migrated) }

    let school: RuleSchool

    init() throws {
        school = try RuleSchool(in: Self.database.get())
        try school.commit()
        try school.run("SET ROLE lyceum_owner")
    }

    private static let date = "2026-11-10"

    private static func lesson(
        _ section: RuleKey, at starts: String = "10:00", to ends: String = "10:40", room: RuleKey? = nil,
        teacher: RuleKey? = nil, id: RuleKey
    ) -> String {
        RuleSchool.lesson(id, of: section, on: date, at: starts, to: ends, room: room, teacher: teacher)
    }

    private static let holiday = """
        INSERT INTO holidays (school_id, id, academic_year_id, name, starts_on, ends_on)
            VALUES (lyceum.current_school(), \(RuleKey.new), \(RuleKey.year), 'Карантин', '\(date)', '\(date)');
        """

    struct Race: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var first: String
        var second: String
        /// The refusal of the second write after the first has committed; nil when both are accepted.
        var refusal: SQLRefusal?
    }

    static let races = [
        Race(
            testDescription: "student", first: lesson(.maths7, id: .new), second: lesson(.english7, id: .other),
            refusal: .studentOverlap),
        Race(
            testDescription: "teacher", first: lesson(.maths1, teacher: .teacher, id: .new),
            second: lesson(.maths2, teacher: .teacher, id: .other), refusal: .overlap("lessons_teacher_no_overlap")),
        Race(
            testDescription: "room", first: lesson(.maths1, room: .room, id: .new),
            second: lesson(.maths2, room: .room, id: .other), refusal: .overlap("lessons_room_no_overlap")),
        Race(
            testDescription: "section", first: lesson(.maths1, id: .new), second: lesson(.maths1, id: .other),
            refusal: .overlap("lessons_section_no_overlap")),
        Race(
            testDescription: "one after the other", first: lesson(.maths7, id: .new),
            second: lesson(.english7, at: "10:40", to: "11:20", id: .other), refusal: nil),
        Race(
            testDescription: "holiday after a lesson", first: lesson(.maths1, id: .new), second: holiday,
            refusal: .lessonOnHoliday),
        Race(
            testDescription: "lesson after a holiday", first: holiday + "SET CONSTRAINTS ALL IMMEDIATE",
            second: lesson(.maths1, id: .new), refusal: .lessonOnHoliday),
        Race(
            testDescription: "lesson after a membership",
            first: RuleSchool.member(.vera, of: .homeGroup, from: date) + lesson(.mathsAtHome, id: .new),
            second: lesson(.maths7, id: .other), refusal: .studentOverlap),
        Race(
            testDescription: "membership after a lesson",
            first: lesson(.maths7, id: .new) + lesson(.mathsAtHome, id: .other),
            second: RuleSchool.member(.vera, of: .homeGroup, from: date), refusal: .studentOverlap),
    ]

    @Test(arguments: races)
    func l1SecondWriterWaitsForTheFirstAndIsRefused(_ race: Race) throws {
        #expect(try school.race(race.first, then: race.second) == race.refusal)
    }

    @Test(arguments: races)
    func l1SecondWriterSucceedsWhenTheFirstRollsBack(_ race: Race) throws {
        #expect(try school.race(race.first, ending: "ROLLBACK", then: race.second) == nil)
    }

    @Test(arguments: [
        [lesson(.maths7, id: RuleKey(1)), lesson(.english7, id: RuleKey(2))],
        [lesson(.maths1, teacher: .teacher, id: RuleKey(1)), lesson(.maths2, teacher: .teacher, id: RuleKey(2))],
        [lesson(.maths1, room: .room, id: RuleKey(1)), lesson(.maths2, room: .room, id: RuleKey(2))],
    ])
    func l1ExactlyOneOfManyIsAccepted(_ lessons: [String]) throws {
        // All wait for a lock and continue at the same time.
        let gate = "SELECT pg_advisory_lock_shared(17);"
        try school.run("SELECT pg_advisory_lock(17)")
        let (id, url) = (school.id, school.database.serverURL)
        let writers = (0..<16).map { index in
            let number = 9100 + index
            let insert = lessons[index % lessons.count]
                .replacingKey(RuleKey(1 + index % lessons.count), with: RuleKey(number))
            return WorkThread { Self.attempt(gate + insert, school: id, url: url) }
        }
        try school.waitForLocks(writers.count)
        try school.run("SELECT pg_advisory_unlock(17)")
        let refusals = writers.map { $0.join() }
        #expect(refusals.count { $0 == nil } == 1, "\(refusals)")
        #expect(
            try school.value("SELECT count(*) FROM lessons WHERE school_id = \(school.id) AND date = '\(Self.date)'")
                == "1")
    }

    // MARK: Connections

    private static func connect(school: Int, url: String) throws -> BlockingConnection {
        let connection = try BlockingConnection(url: url)
        try connection.execute("SET lyceum.school_id = '\(school)'; SET lyceum.today = '2026-10-15'")
        return connection
    }

    /// Runs a transaction; returns its refusal.
    private static func attempt(_ script: String, school: Int, url: String) -> SQLRefusal? {
        do {
            try connect(school: school, url: url).execute(script)
            return nil
        } catch let failure as BlockingConnection.Failure {
            return SQLRefusal(failure)
        } catch {
            return SQLRefusal("none", "\(error)")
        }
    }
}

extension String {
    fileprivate func replacingKey(_ key: RuleKey, with other: RuleKey) -> String {
        guard let range = firstRange(of: key.description) else { return self }
        return self[..<range.lowerBound] + other.description + self[range.upperBound...]
    }
}
