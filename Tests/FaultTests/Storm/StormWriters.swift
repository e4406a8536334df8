import Glibc
import JSON
import Synchronization

/// Writers of one kind: they change their facts in turn, each in a request of its own.
struct StormWriter: Sendable {
    let kind: String
    let change: @Sendable (StormClient, _ turn: Int) throws -> Void
}

/// Everything that changes in a storm: the facts, who writes them, and the answers that show them.
struct StormPlot: Sendable {
    private(set) var views: [StormView] = []
    private(set) var writers: [StormWriter] = []

    private let school: StormSchool
    private let teacher: StormSession
    private let parent: StormSession
    private let head: StormSession
    private let secretary: StormSession

    private let lesson = StormFact("lesson")
    private let homework = StormFact("homework")
    private let marks: [StormFact]
    private let comings: [StormFact]
    private let publications: [StormFact]
    private let feedback: [StormFact]
    private let attendance: [StormFact]
    private let guardianships: [StormFact]
    private let transfer = StormFact("transfer")
    private let subject = StormFact("subject")
    private let room = StormFact("room")
    private let category = StormFact("category")
    private let ownClass = StormFact("class")
    private let term = StormFact("term")
    private let person = StormFact("person")

    init(_ school: StormSchool, _ servers: [LyceumServer]) throws {
        self.school = school
        teacher = try StormSession("teacher", servers)
        parent = try StormSession("parent", servers)
        head = try StormSession("head", servers)
        secretary = try StormSession("deputy", servers)
        func forEach(_ name: String) -> [StormFact] { school.students.map { _ in StormFact(name) } }
        marks = forEach("mark")
        comings = forEach("mark cleared")
        publications = forEach("mark published")
        feedback = forEach("feedback")
        attendance = forEach("attendance")
        guardianships = forEach("guardianship")
        addWriters()
        addViews()
    }

    // MARK: Writers

    private mutating func addWriters() {
        let (school, teacher, head, secretary) = (school, teacher, head, secretary)

        // Half of the students have a mark in the second lesson that comes and goes, the others one that is held back.
        let versions = school.students.map { student in
            (
                first: Version(.mark, school.lessons[0], student), second: Version(.mark, school.lessons[1], student),
                attendance: Version(.attendance, school.lessons[0], student),
                feedback: Version(.feedback, school.lessons[0], student)
            )
        }
        let ids = school.students.map { _ in Self.newID() }
        addEach("marks", marks) { client, index, number in
            let answer = try client.write(
                "PATCH", school.journal, teacher,
                json: """
                    {"marks": [{"lesson_id": "\(school.lessons[0])", "student_id": "\(school.students[index])", \
                    "version": \(try versions[index].first.value(client)), "value": {"kind": "number", "number": \(2 + number % 4)}, \
                    "comment": "~m\(index).\(number)"}]}
                    """)
            try versions[index].first.take(answer, "marks")
        }
        addEach("marks cleared", comings, first: 4) { client, index, number in
            let value = StormFact.isThere(number) ? #"{"kind": "number", "number": 5}"# : "null"
            let comment = StormFact.isThere(number) ? #", "comment": "~c\#(index)""# : ""
            let answer = try client.write(
                "PATCH", school.journal, teacher,
                json: """
                    {"marks": [{"lesson_id": "\(school.lessons[1])", "student_id": "\(school.students[index])", \
                    "version": \(try versions[index].second.value(client)), "value": \(value)\(comment)}]}
                    """)
            try versions[index].second.take(answer, "marks")
        }
        addPublications()
        addEach("attendance", attendance) { client, index, number in
            let answer = try client.write(
                "PATCH", school.journal, teacher,
                json: """
                    {"attendance": [{"lesson_id": "\(school.lessons[0])", "student_id": "\(school.students[index])", \
                    "version": \(try versions[index].attendance.value(client)), \
                    \(StormFact.isThere(number) ? #""meaning": "late", "minutes": 213"# : #""meaning": null"#)}]}
                    """)
            try versions[index].attendance.take(answer, "attendance")
        }
        addEach("feedback", feedback) { client, index, number in
            let answer = try client.write(
                "PATCH", school.journal, teacher,
                json: """
                    {"feedback": [{"id": "\(ids[index])", "lesson_id": "\(school.lessons[0])", \
                    "student_id": "\(school.students[index])", "version": \(try versions[index].feedback.value(client)), \
                    "text": "~f\(index).\(number)"}]}
                    """)
            try versions[index].feedback.take(answer, "feedback")
        }
        let lessonVersion = Version(.lesson, school.lessons[0])
        addEach("lessons", [lesson]) { client, _, number in
            let answer = try client.write(
                "PATCH", school.journal, teacher,
                json: """
                    {"lessons": [{"id": "\(school.lessons[0])", "version": \(try lessonVersion.value(client)), \
                    "topic": "~t.\(number)"}]}
                    """)
            try lessonVersion.take(answer, "lessons")
        }
        let homeworkVersion = Version(.lesson, school.lessons[1])
        addEach("homework", [homework]) { client, _, number in
            let answer = try client.write(
                "PATCH", school.journal, teacher,
                json: """
                    {"lessons": [{"id": "\(school.lessons[1])", "version": \(try homeworkVersion.value(client)), \
                    "homework": {"text": "~h.\(number)"}}]}
                    """)
            try homeworkVersion.take(answer, "lessons")
        }

        let names = [
            ("/v1/subjects/\(school.subject)", "~s."), ("/v1/rooms/\(school.room)", "~r."),
            ("/v1/categories/\(school.category)", "~k."), ("/v1/classes/\(school.ownClass)", "~n."),
            ("/v1/terms/\(school.term)", "~q."),
        ]
        addEach("set-up", [subject, room, category, ownClass, term]) { client, index, number in
            try client.write(
                "PATCH", names[index].0, secretary, json: #"{"name": "\#(names[index].1)\#(number)"}"#)
        }
        addEach("people", [person]) { client, _, number in
            while try !client.write(
                "UPDATE users SET last_name = $2 WHERE id = $1", [school.teacher, "Соколова~p.\(number)"])
            {}
        }
        // Some end by their access, the others by their date. Each begins again with the next change.
        addEach("guardianships", guardianships, inARow: 2) { client, index, number in
            let json =
                switch (index % 2 == 0, StormFact.isThere(number)) {
                case (true, true): #"{"access": "full", "basis": "Решение суда \#(number)"}"#
                case (true, false): #"{"access": "none"}"#
                case (false, true): #"{"ends_on": null}"#
                case (false, false): #"{"ends_on": "2025-11-18"}"#
                }
            try client.write(
                "PATCH", "/v1/students/\(school.students[index])/guardians/\(school.guardianships[index])", head,
                json: json)
        }
        let enrollment = Mutex("")
        addEach("transfers", [transfer]) { client, _, number in
            let path = "/v1/students/\(school.mover)/class-changes"
            if StormFact.isThere(number) {
                try client.write("DELETE", "\(path)/\(enrollment.withLock { $0 })", secretary)
                return
            }
            let answer = try client.write(
                "POST", path, secretary,
                json: #"{"class_id": "\#(school.otherClass)", "starts_on": "2025-11-20", "group_ids": []}"#)
            enrollment.withLock { $0 = answer.json["joined"]?["id"]?.string ?? "" }
        }
    }

    /// - Parameters:
    ///   - count: how many of the facts take part.
    ///   - inARow: how many changes of one fact follow each other.
    ///   - write: makes the change with this number, and returns when it was acknowledged.
    private mutating func addEach(
        _ kind: String, _ facts: [StormFact], first count: Int = .max, inARow: Int = 1,
        _ write: @escaping @Sendable (StormClient, _ index: Int, _ number: Int) throws -> Void
    ) {
        let facts = facts.prefix(count)
        writers.append(
            StormWriter(kind: kind) { client, turn in
                let index = turn / inARow % facts.count
                let number = facts[index].begin()
                try write(client, index, number)
                facts[index].acknowledge(number)
            })
    }

    /// M12: a mark is held back, and appears when its moment comes without anybody's doing.
    private mutating func addPublications() {
        let (school, teacher, publications) = (school, teacher, publications)
        let versions = school.students.map { Version(.mark, school.lessons[1], $0) }
        writers.append(
            StormWriter(kind: "publications") { client, turn in
                let index = 4 + turn % 4
                if turn < 4 {
                    try client.write(
                        "PATCH", school.journal, teacher,
                        json: """
                            {"marks": [{"lesson_id": "\(school.lessons[1])", "student_id": "\(school.students[index])", \
                            "version": \(try versions[index].value(client)), "value": {"kind": "number", "number": 4}, "comment": "~u\(index)"}]}
                            """)
                }
                var moment = 0
                while true {
                    moment = StormFact.now + 300_000
                    let number = publications[index].begin(passing: moment)
                    let isDone = try client.write(
                        """
                        UPDATE marks SET published_at = to_timestamp($3::bigint / 1000000.0)
                        WHERE student_id = $1 AND line_item_id IN (SELECT id FROM line_items WHERE lesson_id = $2)
                        """, [school.students[index], school.lessons[1], "\(moment)"])
                    if isDone {
                        publications[index].acknowledge(number)
                        break
                    }
                    // The next try has an odd number again.
                    _ = publications[index].begin(passing: moment)
                }
                while StormFact.now <= moment { usleep(UInt32(max(1, moment - StormFact.now))) }
                publications[index].pass()
            })
    }

    private static func newID() -> String {
        let digits = Array("0123456789abcdef")
        let id = (0..<32).map { $0 == 12 ? "7" : $0 == 16 ? "8" : String(digits.randomElement()!) }.joined()
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { range in
            String(id.dropFirst(range.lowerBound).prefix(range.count))
        }.joined(separator: "-")
    }

    // MARK: Views

    private mutating func addViews() {
        for (index, student) in school.students.enumerated() {
            let marks: [StormSign] = [
                StormSign(self.marks[index], .number, "~m\(index)."),
                index < 4
                    ? StormSign(comings[index], .presence, "~c\(index)\"")
                    : StormSign(publications[index], .presence, "~u\(index)\""),
                StormSign(subject, .number, "~s."),
            ]
            let diary =
                marks + [
                    StormSign(lesson, .number, "~t."), StormSign(homework, .number, "~h."),
                    StormSign(feedback[index], .number, "~f\(index)."), StormSign(room, .number, "~r."),
                    StormSign(ownClass, .number, "~n."), StormSign(person, .number, "~p."),
                    StormSign(attendance[index], .presence, "\"minutes\":213"),
                ]
            for session in [parent, head] {
                let gate = session === parent ? guardianships[index] : nil
                views.append(StormView(path: school.diary(student), session: session, gate: gate, signs: diary))
                views.append(StormView(path: school.marks(student), session: session, gate: gate, signs: marks))
            }
        }
        views.append(
            StormView(
                path: school.diary(school.mover, StormSchool.nextWeek), session: head,
                signs: [StormSign(transfer, .presence, school.section)]))
        // Apps begin with these.
        for _ in 0..<4 {
            views.append(
                StormView(
                    path: "/v1/me", session: parent,
                    signs: school.students.indices.map {
                        StormSign(guardianships[$0], .presence, school.students[$0])
                    } + [StormSign(term, .number, "~q.")]))
            views.append(
                StormView(
                    path: "/v1/me", session: teacher,
                    signs: [
                        StormSign(subject, .number, "~s."), StormSign(person, .number, "~p."),
                        StormSign(term, .number, "~q."),
                    ]))
            views.append(
                StormView(
                    path: school.journal, session: teacher,
                    signs: school.students.indices.flatMap {
                        [StormSign(marks[$0], .number, "~m\($0)."), StormSign(feedback[$0], .number, "~f\($0).")]
                    } + [
                        StormSign(lesson, .number, "~t."), StormSign(homework, .number, "~h."),
                        StormSign(category, .number, "~k."), StormSign(subject, .number, "~s."),
                        StormSign(room, .number, "~r."),
                        StormSign(transfer, .absence, "\"to\":\"2025-11-19\""),
                    ]))
        }
    }
}

/// The version of a row as its writer knows it.
private final class Version: Sendable {
    /// SQL of the first version, of a lesson `$1` and a student `$2`.
    enum Row: String {
        case mark = """
            SELECT coalesce(max(k.version), 0) FROM marks k
            JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id AND i.is_default AND i.deleted_at IS NULL
            WHERE i.lesson_id = $1 AND k.student_id::text = $2
            """
        case attendance = """
            SELECT coalesce(max(version), 0) FROM attendance WHERE lesson_id = $1 AND student_id::text = $2
            """
        case feedback = """
            SELECT coalesce(max(version), 0) FROM feedback WHERE lesson_id = $1 AND student_id::text = $2
            """
        case lesson = "SELECT version FROM lessons WHERE id = $1 AND $2 = ''"
    }

    private let row: Row
    private let place: [String]
    private let number = Mutex<Int?>(nil)

    init(_ row: Row, _ lesson: String, _ student: String = "") {
        self.row = row
        place = [lesson, student]
    }

    func value(_ client: StormClient) throws -> Int {
        if let known = number.withLock({ $0 }) { return known }
        return Int(try client.read(row.rawValue, place))!
    }

    /// From the answer of the journal to one item.
    func take(_ answer: HTTPClient.Answer, _ list: String) throws {
        let item = answer.json[list]?.array.first
        guard let version = item?["version"]?.int, ["applied", "unchanged"].contains(item?["status"]?.string) else {
            throw Failure("not written: \(answer.text)")
        }
        number.withLock { $0 = version }
    }
}
