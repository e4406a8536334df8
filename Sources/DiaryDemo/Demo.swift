import Crypto
import Diary
import Postgres

/// Demo schools for an empty, migrated database. `lyceum demo`, the tests and the benchmarks use them.
///
/// The same seed and day give the same rows with the same ids. Only the password hashes differ, because they are
/// salted.
package struct Demo: Sendable {
    let seed: UInt64
    let today: String
    private let schools: Int
    private let students: Int
    private let years: Int
    private let hasTalk: Bool

    package static let password = "lyceum-demo"
    /// The logins of each school. `teacher` teaches mathematics in 7А and is its class teacher; `parent` has a child in
    /// 7А and one in 1А; `student` is in 7А.
    package static let logins = ["admin", "head", "deputy", "teacher", "parent", "student"]
    package static let studentCounts = 100...3000
    package static let yearCounts = 1...10

    /// - Parameters:
    ///   - today: `YYYY-MM-DD`, from 1991 on. Lessons before it have been held. It selects the academic year; in
    ///     summer, the one that
    ///     has ended.
    ///   - students: students of each school, see `studentCounts`.
    ///   - years: academic years of each school, earlier ones closed, see `yearCounts`.
    ///   - hasTalk: whether there are messages, announcements, contacts, questions and notifications.
    package init(
        seed: UInt64, today: String, schools: Int, students: Int, years: Int, hasTalk: Bool = true
    ) {
        self.seed = seed
        self.today = today
        self.schools = schools
        self.students = students
        self.years = years
        self.hasTalk = hasTalk
    }

    /// The current day at the demo schools, in the form for `init`.
    package static func day(secondsSince1970 seconds: Int) -> String {
        Day(number: (seconds + Moment.offset) / 86_400).text
    }

    /// Loads the schools, each in a transaction of its own. `connection` belongs to the owner role.
    ///
    /// - Parameter truth: gets what the reports have to find in each school.
    /// - Returns: how many rows each table got.
    /// - Throws: `Demo.Failure`, or `BlockingConnection.Failure`.
    package func fill(
        _ connection: BlockingConnection, truth: ((Truth.School) -> Void)? = nil, progress: (String) -> Void
    ) throws -> [(table: String, rows: Int)] {
        let today = try checkedDay()
        try refuseFilled(connection)
        let hashes = try Hashes()
        var counts: [(table: String, rows: Int)] = [("schools", schools)]
        for number in 0..<schools {
            let loaded = try connection.transaction {
                try load(number, today: today, hashes, connection, truth: truth, progress: progress)
            }
            for (table, rows) in loaded {
                if let index = counts.firstIndex(where: { $0.table == table }) {
                    counts[index].rows += rows
                } else {
                    counts.append((table, rows))
                }
            }
        }
        progress("statistics")
        try connection.execute("ANALYZE schools, school_settings, \(Loader.tables.joined(separator: ", "))")
        return counts
    }

    /// Password hashes: of the demo password, and of one that nobody knows.
    struct Hashes {
        let password: String
        let secret: String

        init() throws {
            password = try PasswordHash.make(Demo.password)
            secret = try PasswordHash.make("\(UInt64.random(in: 0 ... .max))\(UInt64.random(in: 0 ... .max))")
        }
    }

    private func checkedDay() throws(Failure) -> Day {
        guard let day = Day(today), day.civil.year >= 1991 else { throw .wrongDay(today) }
        guard Self.studentCounts.contains(students), Self.yearCounts.contains(years), schools >= 1 else {
            throw .wrongCounts
        }
        return day
    }

    private func refuseFilled(_ connection: BlockingConnection) throws {
        guard try connection.query("SELECT to_regclass('public.schools')").first != nil else {
            throw Failure.notMigrated
        }
        if let code = try connection.query("SELECT code FROM schools ORDER BY id LIMIT 1").first {
            throw Failure.notEmpty(school: code)
        }
    }

    // MARK: One school

    private func load(
        _ number: Int, today: Day, _ hashes: Hashes, _ connection: BlockingConnection,
        truth: ((Truth.School) -> Void)?, progress: (String) -> Void
    ) throws -> [(table: String, rows: Int)] {
        let code = "lyceum\(29 + number)"
        let year = today.civil.month >= 9 ? today.civil.year : today.civil.year - 1
        var draw = Random(seed: seed, 0, number)
        progress("\(code): people")
        let school = School(seed: draw.next(), year: year, today: today, years: years, students: students)

        let answer = try connection.query(
            "INSERT INTO schools (code, name, time_zone, created_at) VALUES ($1, $2, $3, $4) RETURNING id",
            [code, Self.name(number), Moment.zone, "\(year - years)-08-20 10:00:00+05"])
        guard let id = answer.first.flatMap({ Int($0) }) else { throw Failure.notMigrated }
        let loader = Loader(connection, school: id)
        var years: [Truth.Year] = []
        try loader.withoutTriggers {
            try school.load(loader, hashes)
            for start in (year - self.years + 1)...year {
                let year = Year(school, year: start)
                progress("\(code): \(year.name), timetable")
                year.makeSections()
                try year.makeTimetable()
                progress("\(code): \(year.name), lessons")
                year.makePlans()
                year.makeLessons()
                try year.load(loader)
                progress("\(code): \(year.name), journal")
                let journal = Journal(year)
                journal.write()
                try journal.load(loader)
                if hasTalk { try Talk(journal).load(loader) }
                if truth != nil { years.append(Truth.Year(journal)) }
            }
            try loader.deriveHistories()
        }
        progress("\(code): checks")
        try loader.check()
        truth?(Truth.School(code: code, families: Truth.Families(school), years: years))
        return loader.counts
    }

    private static func name(_ number: Int) -> String {
        ["Лицей", "Гимназия", "Школа", "Лицей"][number % 4] + " № \(29 + number)"
    }
}

extension Demo {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case wrongDay(String)
        case wrongCounts
        case notMigrated
        case notEmpty(school: String)
        case noTimetable
        /// The problems found by the schema's check functions, and how often each occurred.
        case broken(String)

        package var description: String {
            switch self {
            case .wrongDay(let text): "\(text) is not a day in the form YYYY-MM-DD, from 1991 on."
            case .wrongCounts:
                "A demo has at least one school, each with \(Demo.studentCounts.lowerBound) to "
                    + "\(Demo.studentCounts.upperBound) students and \(Demo.yearCounts.lowerBound) to "
                    + "\(Demo.yearCounts.upperBound) years."
            case .notMigrated: "The database has no schema yet: run `lyceum migrate up` first. Nothing was changed."
            case .notEmpty(let school):
                "The database already has a school (\(school)); a demo needs an empty one. Nothing was changed."
            case .noTimetable: "No timetable was found for this seed; try another one."
            case .broken(let problems): "The data made breaks the diary's rules (\(problems)). Nothing was changed."
            }
        }
    }
}

extension Demo.Loader {
    /// Writes the histories of rows that have one version or one decision; those of changed marks are written with the
    /// marks.
    fileprivate func deriveHistories() throws {
        try derive(
            "attendance_history",
            """
            INSERT INTO attendance_history (
                school_id, attendance_id, version, student_id, lesson_id, new_meaning, new_minutes, new_code_id, new_comment,
                changed_by, changed_at)
            SELECT school_id, id, 1, student_id, lesson_id, meaning, minutes, code_id, comment, recorded_by, first_recorded_at
            FROM attendance WHERE school_id = $1
            """)
        try derive(
            "attendance_history",
            """
            INSERT INTO attendance_history (
                school_id, attendance_id, version, student_id, lesson_id, old_meaning, old_minutes, old_code_id, old_comment,
                new_meaning, new_minutes, new_code_id, new_comment, new_decided_meaning, new_decided_reason,
                changed_by, changed_at)
            SELECT school_id, id, 2, student_id, lesson_id, meaning, minutes, code_id, comment,
                meaning, minutes, code_id, comment, decided_meaning, decided_reason, decided_by, decided_at
            FROM attendance WHERE school_id = $1 AND version = 2
            """)
        try derive(
            "final_mark_history",
            """
            INSERT INTO final_mark_history (
                school_id, final_mark_id, version, student_id, new_kind, new_number, new_code, new_reason, published_at,
                changed_by, changed_at)
            SELECT school_id, id, 1, student_id, value_kind, number, code, reason, published_at, recorded_by,
                first_recorded_at
            FROM final_marks WHERE school_id = $1
            """)
    }

    /// Checks with the schema's functions that the data loaded without triggers keeps the rules.
    fileprivate func check() throws {
        // New rows have no statistics yet, and the checks join many tables.
        try connection.execute("ANALYZE \(Self.tables.joined(separator: ", "))")
        let found = try connection.query(
            """
            SELECT problem || ': ' || count(*) FROM (
                SELECT problem FROM lyceum.check_lessons($1)
                UNION ALL SELECT problem FROM lyceum.check_marks($1)
                UNION ALL SELECT problem FROM lyceum.check_members($1)
            ) c GROUP BY problem ORDER BY problem
            """, [String(school)])
        if !found.rows.isEmpty {
            throw Demo.Failure.broken(found.rows.compactMap { $0[0] }.joined(separator: ", "))
        }
    }
}
