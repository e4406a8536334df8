import Diary
import JSON
import Postgres
import Web

/// The class teacher's decisions about a day of the class (T2): `PUT classes/{id}/attendance`. For a student's day, also
/// before its lessons, or for single lessons. What the teachers wrote stays (A5).
///
/// It works like `JournalBatch`: each statement compares its items with the current rows, and the last one rolls
/// everything back if an item was refused and the caller did not ask for a partial batch.
enum ClassAttendanceBatch {
    @Sendable static func apply(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let date = query.date("date")
        let isPartial = query.flag("partial")
        try query.finish()
        let schoolClass = try request.identifier("class_id")
        let batch = try DecisionBatch(try await request.json(), caller.services)
        let school = Parameter.integer(caller.school.id)
        let lock = ClassGate.lock(caller, schoolClass, on: date)
        let (days, lessons) = (batch.days(school), batch.lessons(school))
        let work = Work.segment(caller.services.lanes, caller.scope)
        let results = try await work.results(
            of: [lock, hold(school)] + [days, lessons].compactMap { $0 } + [settle(.boolean(isPartial))])
        if let refusal = results.refusal, refusal.sqlState != "LYB01" { throw PostgresError.refused(refusal) }
        guard try !results[lock].isEmpty else { throw Problem(.notFound) }
        let outcomes = [
            BatchOutcome("days", try days.map { try results[$0] }),
            BatchOutcome("lessons", try lessons.map { try results[$0] }),
        ]
        let refused = Set(outcomes.flatMap { $0.refusals })
        if !refused.isEmpty && !isPartial {
            throw Problem(
                refused.count == 1 ? try .of(refused.first!) : .journalRefused,
                items: try outcomes.flatMap { try $0.problems })
        }
        var writer = JSONWriter(reservingCapacity: 4 * 1024)
        writer.beginObject()
        writer.key("applied")
        writer.boolean(refused.isEmpty)
        for outcome in outcomes { try outcome.write(to: &writer, request.language) }
        writer.endObject()
        return .json(writer)
    }

    // MARK: SQL. `$1` is the school.

    private static let schoolClass = ClassGate.schoolClass
    private static let date = ClassGate.day

    /// Locks the sections in one order, so that batches of two classes with common sections do not wait for each other.
    private static let hold = Statement(
        "SELECT lyceum.hold_sections($1, NULL, ARRAY(SELECT l.id \(ClassAttendance.lessonsOfDay)))")

    private static let settle = Statement("SELECT lyceum.settle_batch($1::boolean)")

    private static let isOfClass = """
        EXISTS (
            SELECT FROM enrollments e
            WHERE e.school_id = $1 AND e.student_id = i.student_id AND e.class_id = \(schoolClass)
                AND lyceum.holds_between(e.starts_on, e.ends_on, \(date), \(date))
        )
        """

    static let days = Statement(
        """
        WITH target AS MATERIALIZED (
            SELECT i.*, \(isOfClass) AS found, d.id AS old_id, d.version, d.meaning AS old_meaning,
                d.reason AS old_reason, d.explains_only
            FROM unnest($2::int[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::uuid[])
                AS i(ord, student_id, meaning, reason, seen, new_id)
            LEFT JOIN attendance_days d ON d.school_id = $1 AND d.student_id = i.student_id AND d.date = \(date)
        ), checked AS MATERIALIZED (
            SELECT t.*, \(unchanged) AS unchanged,
                CASE
                    WHEN NOT t.found THEN 'not_in_your_class'
                    WHEN \(unchanged) THEN NULL
                    WHEN coalesce(t.version, 0) <> t.seen THEN 'stale_version'
                END AS refusal
            FROM target t
        ), accepted AS MATERIALIZED (
            SELECT * FROM checked c WHERE c.refusal IS NULL AND NOT c.unchanged
        ), added AS (
            INSERT INTO attendance_days (school_id, id, student_id, date, meaning, reason)
            SELECT $1, a.new_id, a.student_id, \(date), a.meaning, a.reason FROM accepted a WHERE a.old_id IS NULL
            RETURNING id, version
        ), updated AS (
            UPDATE attendance_days x SET meaning = a.meaning, reason = a.reason, note_id = NULL
            FROM accepted a
            WHERE x.school_id = $1 AND x.id = a.old_id
            RETURNING x.id, x.version
        )
        SELECT c.student_id,
            CASE WHEN c.found THEN coalesce(n.version, u.version, c.version, 0) ELSE 0 END AS version,
            CASE WHEN c.refusal IS NULL THEN c.meaning WHEN c.found THEN c.old_meaning END AS meaning,
            CASE WHEN c.refusal IS NULL THEN c.reason WHEN c.found THEN c.old_reason END AS reason,
            c.refusal AS _refusal, c.unchanged AS _unchanged,
            CASE WHEN c.refusal IS NOT NULL AND c.found AND c.old_id IS NOT NULL THEN json_build_object(
                'student_id', c.student_id, 'meaning', c.old_meaning, 'reason', c.old_reason, 'version', c.version
            ) END AS _current, \(BatchSQL.note)
        FROM checked c
        LEFT JOIN added n ON n.id = c.new_id
        LEFT JOIN updated u ON u.id = c.old_id
        ORDER BY c.ord
        """)

    /// A word that only explains absences becomes a word for the whole day, even if it stays the same word.
    private static let unchanged = """
        (
            t.found AND (t.meaning, t.reason) IS NOT DISTINCT FROM (t.old_meaning, t.old_reason)
            AND (t.meaning IS NULL OR NOT t.explains_only)
        )
        """

    static let lessons = Statement(
        """
        WITH target AS MATERIALIZED (
            SELECT i.*, \(isOfClass) AND l.id IS NOT NULL AS found, a.id AS old_id, a.version,
                CASE WHEN NOT a.decided_by_day THEN a.decided_meaning END AS old_meaning,
                CASE WHEN NOT a.decided_by_day THEN a.decided_minutes END AS old_minutes,
                CASE WHEN NOT a.decided_by_day THEN a.decided_reason END AS old_reason
            FROM unnest($2::int[], $3::uuid[], $4::uuid[], $5::text[], $6::smallint[], $7::text[], $8::int[], $9::uuid[])
                AS i(ord, lesson_id, student_id, meaning, minutes, reason, seen, new_id)
            LEFT JOIN lessons l ON l.school_id = $1 AND l.id = i.lesson_id AND l.date = \(date)
            LEFT JOIN attendance a ON a.school_id = $1 AND a.lesson_id = l.id AND a.student_id = i.student_id
        ), checked AS MATERIALIZED (
            SELECT t.*, o.unchanged,
                CASE
                    WHEN NOT t.found OR r.refusal IN ('not_found', 'not_a_member') THEN 'not_in_your_class'
                    WHEN o.unchanged THEN NULL
                    WHEN coalesce(t.version, 0) <> t.seen THEN 'stale_version'
                    -- A decision may be made before the lesson, and after the edit window.
                    WHEN r.refusal = 'lesson_cancelled' THEN 'lesson_cancelled'
                END AS refusal
            FROM target t
            CROSS JOIN LATERAL (
                SELECT t.found AND (t.meaning, t.minutes, t.reason)
                    IS NOT DISTINCT FROM (t.old_meaning, t.old_minutes, t.old_reason) AS unchanged
            ) o
            JOIN lyceum.attendance_refusals($1, $3::uuid[], $4::uuid[]) r ON r.ordinal = t.ord + 1
        ), accepted AS MATERIALIZED (
            SELECT * FROM checked c WHERE c.refusal IS NULL AND NOT c.unchanged
        ), added AS (
            INSERT INTO attendance (
                school_id, id, lesson_id, student_id, decided_meaning, decided_minutes, decided_reason, decided_at
            )
            SELECT $1, a.new_id, a.lesson_id, a.student_id, a.meaning, a.minutes, a.reason, now()
            FROM accepted a WHERE a.old_id IS NULL
            RETURNING id, version
        ), updated AS (
            UPDATE attendance x
            SET decided_meaning = a.meaning, decided_minutes = a.minutes, decided_reason = a.reason,
                decided_at = CASE WHEN a.meaning IS NOT NULL THEN now() END, decided_by_day = false
            FROM accepted a
            WHERE x.school_id = $1 AND x.id = a.old_id
            RETURNING x.id, x.version
        )
        SELECT c.student_id, c.lesson_id,
            CASE WHEN c.found THEN coalesce(n.version, u.version, c.version, 0) ELSE 0 END AS version,
            CASE WHEN c.refusal IS NULL THEN c.meaning WHEN c.found THEN c.old_meaning END AS meaning,
            CASE WHEN c.refusal IS NULL THEN c.minutes WHEN c.found THEN c.old_minutes END AS minutes,
            CASE WHEN c.refusal IS NULL THEN c.reason WHEN c.found THEN c.old_reason END AS reason,
            c.refusal AS _refusal, c.unchanged AS _unchanged,
            CASE WHEN c.refusal IS NOT NULL AND c.found AND c.old_id IS NOT NULL THEN json_build_object(
                'student_id', c.student_id, 'lesson_id', c.lesson_id, 'meaning', c.old_meaning,
                'minutes', c.old_minutes, 'reason', c.old_reason, 'version', c.version
            ) END AS _current, \(BatchSQL.note)
        FROM checked c
        LEFT JOIN added n ON n.id = c.new_id
        LEFT JOIN updated u ON u.id = c.old_id
        ORDER BY c.ord
        """)
}

/// A parsed body: decisions about days and about lessons, each stored in columns for its statement.
private struct DecisionBatch {
    private var ofDays = DecisionColumns()
    private var ofLessons = DecisionColumns()

    init(_ body: JSONValue, _ services: Services) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        let limit = JournalBatch.longestList
        let days = reader.objects("days", .optional, maximumCount: limit).value ?? []
        let lessons = reader.objects("lessons", .optional, maximumCount: limit).value ?? []
        reader.finish()
        if problems.isEmpty && days.isEmpty && lessons.isEmpty {
            problems.add(FieldProblem(JSONPointer(), "empty_batch"))
        }
        var seen: Set<String> = []
        for item in days { ofDays.read(item, isLesson: false, &seen, services) }
        for item in lessons { ofLessons.read(item, isLesson: true, &seen, services) }
        if let problem = Problem(problems) { throw problem }
    }

    func days(_ school: Parameter) -> Query? {
        guard ofDays.count > 0 else { return nil }
        return ClassAttendanceBatch.days(
            school, ofDays.numbers, .texts(ofDays.students), .texts(ofDays.meanings), .texts(ofDays.reasons),
            .integers(ofDays.versions), .texts(ofDays.newIDs))
    }

    func lessons(_ school: Parameter) -> Query? {
        guard ofLessons.count > 0 else { return nil }
        return ClassAttendanceBatch.lessons(
            school, ofLessons.numbers, .texts(ofLessons.lessons), .texts(ofLessons.students),
            .texts(ofLessons.meanings), .integers(ofLessons.minutes), .texts(ofLessons.reasons),
            .integers(ofLessons.versions), .texts(ofLessons.newIDs))
    }
}

/// Decisions in columns.
private struct DecisionColumns {
    var lessons: [String?] = []
    var students: [String?] = []
    var meanings: [String?] = []
    var minutes: [Int?] = []
    var reasons: [String?] = []
    var versions: [Int?] = []
    var newIDs: [String?] = []

    var count: Int { students.count }
    var numbers: Parameter { .integers(Array(0..<count)) }

    mutating func read(
        _ object: ObjectReader, isLesson: Bool, _ seen: inout Set<String>, _ services: Services
    ) {
        var item = object
        let lesson = isLesson ? item.uuid("lesson_id").value : nil
        let student = item.uuid("student_id").value
        lessons.append(lesson)
        students.append(student)
        let meaning = item.enumeration(
            "meaning", of: isLesson ? AttendanceMeaning.ofClassTeachers : AttendanceMeaning.ofDays, .requiredNullable
        ).value
        meanings.append(meaning)
        let late = isLesson ? item.integer("minutes", .nullable, in: 1...240).value : nil
        if late != nil && meaning != "late" {
            item.problems.add(FieldProblem(item.pointer.appending("minutes"), "only_when_late"))
        }
        minutes.append(late)
        let reason = item.string("reason", .nullable, minimumLength: 1, maximumLength: 500).value
        if let reason, reason.allSatisfy({ $0.isWhitespace }) {
            item.problems.add(FieldProblem(item.pointer.appending("reason"), "blank"))
        }
        // A word that is taken back leaves no reason.
        reasons.append(meaning == nil ? nil : reason)
        versions.append(item.integer("version", in: 0...Int(Int32.max)).value)
        newIDs.append(services.newID())
        item.finish()
        if let student { item.refuseDuplicate("\(lesson ?? "day") \(student)", &seen) }
    }
}
