import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// Reports of control, with a small school whose figures are worked out by hand.
///
/// Соколова teaches algebra (3 hours) in 7А, a club without grading, and Russian in 1А. Молчалина teaches physics (2 hours)
/// in 7А and writes nothing. Anna and Vera are in 7А; Boris left at the end of September. 8А has a student and no lesson.
///
/// | day | lesson | topic | homework | roll |
/// |---|---|---|---|---|
/// | 1 Sep | algebra | yes | yes | yes |
/// | 2 Sep | algebra | yes | no | yes |
/// | 3 Sep | algebra | no | no | yes |
/// | 4 Sep | algebra, a control work | recorded on 6 Sep | does not count | yes |
/// | 5 Sep | algebra, cancelled | | | |
/// | 1, 2 Sep | physics | no | no | no |
/// | 8 Sep | club | yes | does not count | yes |
/// | 9 Sep | Russian in 1А | yes | does not count | yes |
/// | 20 Oct | algebra, after the period | | | |
@Suite(.serialized) struct ControlTests {
    private final class Control {
        let school: ReportSchool
        let (keeper, silent): (String, String)
        let (anna, vera, boris): (String, String, String)
        let (class7, class8): (String, String)
        let (algebra, physics): (String, String)
        /// Algebra, from 1 September on.
        let lessons: [String]

        init() async throws {
            school = try await ReportSchool(today: "2025-11-10")
            keeper = try school.teacher("Соколова")
            silent = try school.teacher("Молчалина")
            class7 = try school.schoolClass("7А", teacher: keeper)
            class8 = try school.schoolClass("8А")
            let class1 = try school.schoolClass("1А")
            anna = try school.student("Белова", in: class7)
            boris = try school.student("Быков", in: class7, to: "2025-09-30")
            vera = try school.student("Власова", in: class7)
            _ = try school.student("Восьмова", in: class8)
            _ = try school.student("Первова", in: class1)
            algebra = try school.section("Алгебра", of: class7, teacher: keeper, hours: 3)
            physics = try school.section("Физика", of: class7, teacher: silent, hours: 2)
            let club = try school.section(
                "Кружок", of: class7, teacher: keeper, hours: 1, grading: "none", kind: "extracurricular")
            let russian = try school.section("Русский язык", of: class1, teacher: keeper, hours: 5)

            var lessons: [String] = []
            for day in 1...4 {
                lessons.append(
                    try school.lesson(algebra, "2025-09-0\(day)", topic: day == 3 ? nil : "Степени"))
            }
            _ = try school.lesson(algebra, "2025-09-05", state: "cancelled", topic: nil, roll: false)
            _ = try school.lesson(algebra, "2025-10-20")
            for day in 1...2 {
                _ = try school.lesson(
                    physics, "2025-09-0\(day)", slot: 2, state: "planned", topic: nil, roll: false)
            }
            _ = try school.lesson(club, "2025-09-08", slot: 3)
            _ = try school.lesson(russian, "2025-09-09")
            self.lessons = lessons
            try school.homework(lessons[0], due: "2025-09-02")

            // Anna has two marks and an exemption, Vera one mark and an absence from the same lesson.
            try school.mark(anna, at: lessons[0], .number(5))
            try school.mark(anna, at: lessons[1], .number(4))
            try school.mark(anna, at: lessons[2], .code("exempt"))
            try school.mark(boris, at: lessons[0], .number(5))
            try school.mark(vera, at: lessons[0], .number(4))
            try school.absence(vera, at: lessons[0], "ill")

            // Triggers stamp the moment of the test. M9 forbids a control work in the first lesson.
            try school.owner.execute(
                """
                ALTER TABLE lessons DISABLE TRIGGER USER; ALTER TABLE marks DISABLE TRIGGER USER;
                ALTER TABLE line_items DISABLE TRIGGER USER;
                UPDATE lessons SET
                    topic_first_recorded_at = (date + time '13:00') AT TIME ZONE 'Asia/Yekaterinburg'
                        + CASE WHEN id = '\(lessons[3])' THEN interval '2 days' ELSE interval '0' END,
                    homework_first_recorded_at = (date + time '13:00') AT TIME ZONE 'Asia/Yekaterinburg';
                UPDATE marks m SET first_recorded_at = (l.date + time '13:00') AT TIME ZONE 'Asia/Yekaterinburg'
                    + CASE WHEN l.id = '\(lessons[1])' THEN interval '1 day' ELSE interval '0' END
                FROM line_items i JOIN lessons l ON l.id = i.lesson_id WHERE i.id = m.line_item_id;
                INSERT INTO line_items (school_id, id, lesson_id, section_id, category_id, title)
                SELECT l.school_id, gen_random_uuid(), l.id, l.section_id,
                    (SELECT c.id FROM categories c WHERE c.school_id = l.school_id AND c.is_control LIMIT 1), 'Контрольная'
                FROM lessons l WHERE l.id = '\(lessons[3])';
                ALTER TABLE lessons ENABLE TRIGGER USER; ALTER TABLE marks ENABLE TRIGGER USER;
                ALTER TABLE line_items ENABLE TRIGGER USER;
                """)

            // Anna's mother signs in, Vera's father never did, Vera's mother has no access.
            let mother = try school.guardian("Белова", of: anna)
            try school.guardian("Власов", of: vera)
            try school.insert(
                "guardianships",
                [
                    ("guardian_id", mother), ("student_id", vera), ("relation", "mother"), ("access", "none"),
                    ("basis", "Решение суда"), ("starts_on", "2025-09-01"),
                ])
            try school.owner.execute(
                """
                UPDATE users SET state = 'active', login = 'mother', password_hash = 'none', activated_at = now()
                WHERE id = '\(mother)';
                INSERT INTO activity_days (school_id, user_id, date) VALUES (\(school.id), '\(mother)', '2025-09-10');
                """)
        }
    }

    /// Made once. The suite is serialized, and tests that write take it back.
    private nonisolated(unsafe) static var made: Control?

    private let control: Control
    private var school: ReportSchool { control.school }

    init() async throws {
        if Self.made == nil { Self.made = try await Control() }
        control = Self.made!
    }

    private static let period = "from=2025-09-01&to=2025-10-15"

    private func report(_ path: String, as client: TestClient? = nil) throws -> JSONValue {
        let answer = try (client ?? school.deputy).get("/v1/reports/\(path)")
        try #require(answer.status == 200, "\(answer.text.prefix(2000))")
        return answer.json
    }

    /// Numbers by name; null is nil.
    private func expect(
        _ row: JSONValue, _ figures: [String: String?], _ location: SourceLocation = #_sourceLocation
    ) {
        for (name, figure) in figures {
            let found: String? = if case .number(let text)? = row[name] { text } else { nil }
            #expect(row[name] != nil && found == figure, "\(name): \(found ?? "null")", sourceLocation: location)
        }
    }

    private func row(_ list: JSONValue?, _ member: String, _ id: String) throws -> JSONValue {
        try #require(list?.array.first { $0[member]?["id"]?.string == id })
    }

    // MARK: journal-control

    @Test func l4m7AKeptJournal() throws {
        let row = try row(report("journal-control?\(Self.period)")["teachers"], "teacher", control.keeper)
        expect(
            row,
            [
                // Four of algebra, the club, and Russian; the cancelled one is not due. The topic of 3 September is missing: 5/6.
                "due_lessons": "6", "with_topic": "5", "topic_percent": "83.3", "with_roll": "6",
                "roll_percent": "100.0",
                // 1, 2 and 3 September; one has homework.
                "homework_lessons": "3", "with_homework": "1", "homework_percent": "33.3",
                // Six days; complete are 1, 8 and 9 September: the topic of the 4th came late.
                "days": "6", "complete_days": "3", "participation_percent": "50.0",
                "late_topics": "1", "late_marks": "1", "late_homework": "0", "late_rolls": "0",
                // Algebra, for Anna and Vera: 7 x 4 due lessons / 5 lessons of the quarter = 5.6 marks each. Three are given
                // without Boris, who left, and the exemption: 3 / 11.2 = 26.79 %. Vera has one mark.
                "sections": "3", "seats": "2", "marks": "3", "expected_marks": "11.2", "accumulation_percent": "26.8",
                "without_mark": "0", "with_one_mark": "1", "without_plan": "3", "coverage_percent": nil,
            ])
    }

    @Test func l4WhoWroteNothingReadsZeroPercentAndNotNull() throws {
        let row = try row(report("journal-control?\(Self.period)")["teachers"], "teacher", control.silent)
        expect(
            row,
            [
                "due_lessons": "2", "with_topic": "0", "topic_percent": "0.0", "homework_percent": "0.0",
                "roll_percent": "0.0", "days": "2", "complete_days": "0", "participation_percent": "0.0",
                // Physics: 5 x 2 / 2 = 5 marks for each of two students, none is given.
                "expected_marks": "10", "accumulation_percent": "0.0", "without_mark": "2", "with_one_mark": "0",
            ])
    }

    @Test func classesAndTheSchool() throws {
        let report = try report("journal-control?\(Self.period)")
        // 7А: 4 + 2 + the club; topics 3 + 0 + 1; homework 1 of 3 + 2; 3 marks of 11.2 + 10.
        expect(
            try row(report["classes"], "class", control.class7),
            [
                "due_lessons": "7", "with_topic": "4", "topic_percent": "57.1", "homework_lessons": "5",
                "homework_percent": "20.0", "marks": "3", "expected_marks": "21.2", "accumulation_percent": "14.2",
                "seats": "4", "without_mark": "2", "with_one_mark": "1", "students": "2", "guardians": "2",
                "guardians_issued": "1", "guardians_activated": "1", "guardians_active": "1",
                "guardians_percent": "50.0",
                "students_active": "0", "students_percent": "0.0",
            ])
        // N = 0.
        expect(
            try row(report["classes"], "class", control.class8),
            [
                "due_lessons": "0", "topic_percent": nil, "homework_percent": nil, "accumulation_percent": nil,
                "students": "1", "guardians": "0", "guardians_percent": nil, "students_percent": "0.0",
            ])
        // Teachers: one of two has a record; complete days 3 of 6 + 2. Lessons: 8 due, 5 with a topic.
        expect(
            report["school_figures"]!,
            [
                "due_lessons": "8", "topic_percent": "62.5", "homework_percent": "20.0", "teachers": "2",
                "teachers_recording": "1", "recording_percent": "50.0", "days": "8", "complete_days": "3",
                "participation_percent": "37.5", "students": "4", "guardians": "2",
            ])
    }

    @Test func studentsWithoutAMarkAndWithOneByName() throws {
        let students = try report("journal-control?\(Self.period)")["students"]!.array.map {
            "\($0["student"]!["last_name"]!.string!) \($0["section"]!["name"]!.string!) \($0["marks"]!.int!)"
        }
        #expect(students == ["Белова Физика 0", "Власова Физика 0", "Власова Алгебра 1"])
    }

    /// M10: a mark of the other section of the subject, or of another school, counts.
    @Test func m10MarksOfAnotherSchoolCount() throws {
        let control = try report("journal-control?from=2025-09-01&to=2025-09-02")["students"]!.array
        #expect(control.filter { $0["student"]!["id"]!.string == self.control.vera }.count == 2)
        let id = try school.on("2025-09-02") {
            try school.insert(
                "transferred_marks",
                [
                    ("student_id", self.control.vera), ("academic_year_id", school.year), ("date", "2025-09-02"),
                    ("subject_id", school.subject("Алгебра")), ("kind", "number"), ("number", "5"),
                    ("school_name", "Школа № 2"),
                ])
        }
        defer { try? school.owner.execute("DELETE FROM transferred_marks WHERE id = '\(id)'") }
        let with = try report("journal-control?from=2025-09-01&to=2025-09-02")["students"]!.array
        #expect(with.filter { $0["student"]!["id"]!.string == self.control.vera }.count == 1)
    }

    @Test func aPeriodWithoutLessonsHasNoPercentages() throws {
        let report = try report("journal-control?from=2025-10-21&to=2025-10-22")
        expect(
            report["school_figures"]!,
            ["due_lessons": "0", "topic_percent": nil, "participation_percent": nil, "recording_percent": nil])
    }

    @Test func onlyHeadsReadIt() throws {
        let teacher = try school.client(control.keeper, "teacher", "class_teacher")
        for name in ["journal-control", "plan-base", "homework-load", "informing-families"] {
            #expect(try teacher.get("/v1/reports/\(name)").status == 403, "\(name)")
        }
        let unknown = try school.deputy.get("/v1/reports/journal-control?snapshot_id=\(control.anna)")
        #expect(unknown.status == 400 && unknown.json["errors"]?[0]?["code"]?.string == "unknown_snapshot")
    }

    // MARK: anomalies

    @Test func anomaliesByHand() throws {
        let report = try report("anomalies?\(Self.period)")
        expect(
            report["counts"]!,
            [
                "marks_with_absence": "1", "incomplete_lessons": "4", "late_lessons": "2", "sparse_sections": "2",
                "far_finals": "0", "missing_finals": "0",
            ])
        let absent = report["marks_with_absence"]!.array[0]
        #expect(absent["student"]?["id"]?.string == control.vera && absent["meaning"]?.string == "ill")
        #expect(absent["value"]?["number"]?.int == 4 && absent["is_made_up"]?.bool == false)
        let incomplete = report["incomplete_lessons"]!.array.map { row in
            let lacks = ["topic", "homework", "roll"].filter { row["lacks_\($0)"]!.bool! }.joined(separator: " ")
            return "\(row["lesson"]!["date"]!.string!) \(row["section"]!["name"]!.string!): \(lacks)"
        }
        #expect(
            incomplete == [
                "2025-09-01 Физика: topic homework roll", "2025-09-02 Алгебра: homework",
                "2025-09-02 Физика: topic homework roll", "2025-09-03 Алгебра: topic homework",
            ])
        let late = report["late_lessons"]!.array.map {
            "\($0["lesson"]!["date"]!.string!) \($0["is_late_topic"]!.bool!) \($0["late_marks"]!.int!)"
        }
        #expect(late == ["2025-09-02 false 1", "2025-09-04 true 0"])
        // The fewest first: none of 10, then 3 of 11.2.
        let sparse = report["sparse_sections"]!.array.map { $0["section"]!["name"]!.string! }
        #expect(sparse == ["Физика", "Алгебра"])
    }

    @Test func finalsOfATermThatHasEnded() throws {
        // Anna's average in algebra is 4.5, the final 3; in physics she is exempt. Vera has none, Boris has left.
        let order = try school.order("1", kind: "other")
        try school.final(control.anna, "Алгебра", .term(1), .number(3))
        try school.final(control.anna, "Физика", .term(1), .code("exempt"), order: order)
        let report = try report("anomalies?term_id=\(school.term(1))")
        let far = report["far_finals"]!.array
        try #require(far.count == 1)
        #expect(far[0]["student"]?["id"]?.string == control.anna && far[0]["number"]?.int == 3)
        #expect(far[0]["average"] == .number("4.5000"))
        let missing = report["missing_finals"]!.array.map {
            "\($0["student"]!["last_name"]!.string!) \($0["section"]!["name"]!.string!)"
        }
        #expect(missing == ["Власова Алгебра", "Власова Физика"])
    }

    @Test func a4TeachersSeeTheirOwnSections() throws {
        let silent = try school.client(control.silent, "teacher")
        let own = try report("anomalies?\(Self.period)", as: silent)
        #expect(own["incomplete_lessons"]!.array.map { $0["section"]!["name"]!.string! } == ["Физика", "Физика"])
        #expect(own["marks_with_absence"]!.array.isEmpty && own["late_lessons"]!.array.isEmpty)
        expect(own["counts"]!, ["incomplete_lessons": "2", "late_lessons": "0", "sparse_sections": "1"])
        let other = try report("anomalies?\(Self.period)&section_id=\(control.algebra)", as: silent)
        expect(other["counts"]!, ["incomplete_lessons": "0", "marks_with_absence": "0", "sparse_sections": "0"])
        let plans = try report("plan-coverage", as: silent)["sections"]!.array
        #expect(plans.map { $0["section"]!["name"]!.string! } == ["Физика"])
    }

    @Test func drillDownOfATeacherHasTheCountsOfTheRow() throws {
        let row = try row(report("journal-control?\(Self.period)")["teachers"], "teacher", control.keeper)
        let link = try #require(row["links"]?["anomalies"]?.string)
        let answer = try school.deputy.get(link)
        try #require(answer.status == 200, "\(answer.text)")
        expect(answer.json["counts"]!, ["incomplete_lessons": "2", "late_lessons": "2", "sparse_sections": "1"])
    }

    // MARK: Plans

    @Test func p1p2PlansAndTheirCoverage() throws {
        // 7А has two curricular subjects and 1А one: three courses.
        expect(try report("plan-base")["summary"]!, ["courses": "3", "with_plan": "0", "percent": "0.0"])
        let plan = try school.insert(
            "curriculum_plans",
            [
                ("academic_year_id", school.year), ("subject_id", school.subject("Алгебра")), ("grade_level", "7"),
                ("title", "Алгебра, 7 класс"), ("author_id", control.keeper),
            ])
        var topics: [String] = []
        for (position, hours, week) in [("1", "2", "1"), ("2", "1", "2")] {
            topics.append(
                try school.insert(
                    "plan_topics",
                    [
                        ("plan_id", plan), ("position", position), ("title", "Тема \(position)"), ("hours", hours),
                        ("planned_week", week),
                    ]))
        }
        try school.owner.execute(
            """
            UPDATE curriculum_plans SET state = 'approved', approved_at = now() WHERE id = '\(plan)';
            ALTER TABLE lessons DISABLE TRIGGER USER;
            UPDATE lessons SET plan_topic_id = '\(topics[0])' WHERE id = '\(control.lessons[0])';
            ALTER TABLE lessons ENABLE TRIGGER USER;
            """)
        defer {
            try? school.owner.execute(
                """
                ALTER TABLE lessons DISABLE TRIGGER USER; UPDATE lessons SET plan_topic_id = NULL;
                ALTER TABLE lessons ENABLE TRIGGER USER;
                UPDATE curriculum_plans SET state = 'archived';
                """)
        }
        // One of three.
        expect(try report("plan-base")["summary"]!, ["courses": "3", "with_plan": "1", "percent": "33.3"])
        let missing = try report("plan-base?missing=true")["subjects"]!.array
        #expect(missing.map { $0["subject"]!["name"]!.string! }.sorted() == ["Русский язык", "Физика"])

        // On 5 September the first topic is planned whole, 2 hours, and one lesson gave it: 1/2.
        let report = try report("plan-coverage?date=2025-09-05")
        expect(
            try row(report["sections"], "section", control.algebra),
            [
                "hours": "3", "planned_hours": "2", "given_hours": "1", "behind_hours": "1", "percent": "50.0",
                "due_lessons": "4", "held_lessons": "4", "without_plan_topic": "3",
            ])
        expect(
            try row(report["sections"], "section", control.physics),
            ["hours": nil, "percent": nil, "due_lessons": "2"])
        expect(report["sections_total"]!, ["sections": "4", "without_plan": "3", "percent": "50.0"])
    }

    // MARK: Homework, families

    @Test func homeworkAgainstTheNorm() throws {
        let report = try report("homework-load?from=2025-09-01&to=2025-09-05")
        // One task for 2 September, on four days with lessons; grade 7 has 150 minutes.
        expect(
            try row(report["classes"], "class", control.class7),
            [
                "norm_minutes": "150", "days": "4", "days_with_homework": "1", "tasks": "1", "tasks_per_day": "0.3",
                "most": "1", "least_minutes": "150",
            ])
        expect(
            try row(report["classes"], "class", control.class8),
            ["norm_minutes": "150", "days": "0", "tasks": "0", "tasks_per_day": nil, "most": nil, "least_minutes": nil])
        let first = report["classes"]!.array[0]
        #expect(first["class"]?["name"]?.string == "1А" && first["norm_minutes"]?.int == 0)
        #expect(first["is_over_norm"]?.bool == false)
        let load = report["load"]!.array.first { $0["id"]?.string == control.class7 }
        #expect(load?["cells"]?.array.map { "\($0["date"]!.string!) \($0["tasks"]!.int!)" } == ["2025-09-02 1"])
    }

    @Test func s53WhenFamiliesWereInformed() throws {
        try school.on("2025-09-10") {
            _ = try school.insert(
                "contacts",
                [
                    ("student_id", control.anna), ("date", "2025-09-10"), ("means", "phone"), ("outcome", "reached"),
                    ("text", "Поговорили об успеваемости"), ("author_id", control.keeper),
                ])
        }
        let report = try report("informing-families?\(Self.period)&class_id=\(control.class7)")
        #expect(report["classes"]!.array.count == 1)
        expect(
            report["classes"]!.array[0],
            [
                "students": "2", "informed": "1", "informed_percent": "50.0", "read": "1", "read_percent": "50.0",
                "without_account": "1",
            ])
        let students = report["students"]!.array
        // Vera's family was never told, and its father has no credentials.
        #expect(students.map { $0["student"]!["id"]!.string! } == [control.vera, control.anna])
        #expect(students[0]["last"] == .null && students[0]["account"]?.string == "none")
        #expect(students[1]["last"]?["means"]?.string == "phone" && students[1]["has_account"]?.bool == true)
    }

    @Test func allFormsCanBeHad() throws {
        for name in [
            "journal-control", "anomalies", "plan-coverage", "plan-base", "homework-load", "informing-families",
        ] {
            for format in ["csv", "html"] {
                let answer = try school.deputy.get("/v1/reports/\(name)?format=\(format)")
                #expect(answer.status == 200, "\(name) \(format)")
            }
        }
    }
}
