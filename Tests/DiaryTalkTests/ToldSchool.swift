import DiaryTestSupport
import Postgres
import TestSupport

/// A rule school in which each write is a transaction of its own, as requests are: what a transaction writes twice is told
/// once. Anna's parents are guardians with access.
final class ToldSchool {
    private static let database = Result { try TestDatabase(.migrated) }

    let school: RuleSchool
    private let connection: BlockingConnection
    private var known: Set<String> = []

    init() throws {
        school = try RuleSchool(in: Self.database.get())
        try school.run(
            RuleSchool.appointment + RuleSchool.guardianship(.mother, from: "2026-09-01", id: RuleKey(9301))
                + RuleSchool.guardianship(.father, from: "2026-09-01", relation: "father", id: RuleKey(9302)))
        try school.commit()
        connection = try school.connect()
        try connection.execute("SET lyceum.time_zone = 'Europe/Moscow'")
    }

    /// Runs one transaction.
    ///
    /// - Returns: what it told: whom, the kind, and `!` if it is urgent, sorted.
    @discardableResult
    func told(_ sql: String, by person: RuleKey = .teacher, today: String = "2026-10-15") throws -> [String] {
        try write(sql, by: person, today: today)
        return try news()
    }

    func write(_ sql: String, by person: RuleKey = .teacher, today: String = "2026-10-15") throws {
        do {
            try connection.execute(
                "BEGIN; SET LOCAL lyceum.user_id = '\(person.uuid)'; SET LOCAL lyceum.today = '\(today)'")
            try connection.execute(sql)
            try connection.execute("COMMIT")
        } catch {
            try connection.execute("ROLLBACK")
            throw error
        }
    }

    /// The refusal of a transaction, which changes nothing.
    func refusal(of sql: String, by person: RuleKey = .teacher) throws -> SQLRefusal? {
        do {
            try write(sql, by: person)
            return nil
        } catch let failure as BlockingConnection.Failure {
            return SQLRefusal(failure)
        }
    }

    /// Changes rows past all triggers, as if time had passed.
    func rewrite(_ sql: String) throws {
        let superuser = try BlockingConnection(url: school.database.superuserURL)
        try superuser.execute("SET session_replication_role = replica; SET lyceum.school_id = '\(school.id)'")
        try superuser.execute(sql)
    }

    private func news() throws -> [String] {
        let rows = try rows(
            """
            SELECT id, coalesce(person_id, student_id), kind || CASE WHEN is_urgent THEN '!' ELSE '' END
            FROM notifications WHERE school_id = \(RuleSchool.school)
            """)
        let news = rows.filter { known.insert($0[0]!).inserted }
        return news.map { "\(Self.name($0[1]!)) \($0[2]!)" }.sorted()
    }

    func rows(_ sql: String) throws -> [[String?]] { try connection.query(sql).rows }
    func value(_ sql: String) throws -> String? { try rows(sql).first?[0] }

    /// The kinds of notifications that are closed.
    func closed() throws -> [String] {
        try rows(
            """
            SELECT coalesce(person_id, student_id), kind FROM notifications
            WHERE school_id = \(RuleSchool.school) AND closed_at IS NOT NULL
            """
        ).map { "\(Self.name($0[0]!)) \($0[1]!)" }.sorted()
    }

    static func name(_ uuid: String) -> String { names[uuid] ?? uuid }

    private static let names: [String: String] = [
        RuleKey.anna.uuid: "Anna", RuleKey.boris.uuid: "Boris", RuleKey.vera.uuid: "Vera",
        RuleKey.leaver.uuid: "leaver",
        RuleKey.homePupil.uuid: "home", RuleKey.teacher.uuid: "teacher", RuleKey.substitute.uuid: "substitute",
        RuleKey.secondGrader.uuid: "second", RuleKey.deputyHead.uuid: "deputy", RuleKey.formerTeacher.uuid: "former",
    ]
}
