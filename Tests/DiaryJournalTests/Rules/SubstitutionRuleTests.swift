import DiaryTestSupport
import Postgres
import Testing

/// L2: substitutions change lessons and are taken back, in SQL of the server's role as by the API.
@Suite struct SubstitutionRuleTests {
    let school: RuleSchool

    /// A teacher without lessons.
    private static let free = RuleKey(106)
    /// Maths of class 7 on Monday, 2 November, made from the timetable.
    private static let monday = "2026-11-02"

    init() throws {
        school = try RuleSchool()
        try school.run(LessonGenerationRuleTests.bells)
        try school.run(
            """
            INSERT INTO users (school_id, id, last_name, first_name) VALUES
                (lyceum.current_school(), \(Self.free), 'Свободная', 'Анна');
            INSERT INTO staff (school_id, id) VALUES (lyceum.current_school(), \(Self.free));
            INSERT INTO user_roles (school_id, user_id, role) VALUES
                (lyceum.current_school(), \(RuleKey.deputyHead), 'deputy_head'),
                (lyceum.current_school(), \(RuleKey.teacher), 'teacher');
            """)
        try school.run(LessonGenerationRuleTests.entry(.maths7, room: .room))
        try school.run(LessonGenerationRuleTests.generation(Self.monday, "2026-11-08"))
        try school.set("user_id", to: RuleKey.deputyHead.uuid)
    }

    // MARK: Statements

    private static let lesson = """
        (SELECT l.id FROM lessons l WHERE l.school_id = lyceum.current_school() AND l.timetable_date = '\(monday)')
        """

    private static func make(
        _ kind: String, _ fields: [String: String] = [:], of lesson: String = lesson, id: RuleKey = .new
    ) -> String {
        let names = fields.keys.sorted()
        let columns = (["school_id", "id", "lesson_id", "kind"] + names).joined(separator: ", ")
        let values = (["lyceum.current_school()", "\(id)", lesson, "'\(kind)'"] + names.map { fields[$0]! })
        return "INSERT INTO substitutions (\(columns)) VALUES (\(values.joined(separator: ", ")));"
    }

    private static func takeBack(_ id: RuleKey = .new) -> String {
        "UPDATE substitutions SET cancelled_at = now() WHERE school_id = lyceum.current_school() AND id = \(id);"
    }

    /// Everything about the lessons, except versions and times of writing.
    private func lessons() throws -> [[String?]] {
        try school.rows(
            """
            SELECT l.id, l.section_id, l.date, l.slot, l.bell_schedule_id, l.starts_at, l.ends_at, l.room_id, l.teacher_id, l.state,
                l.timetable_date, l.generated_at IS NOT NULL, l.merge_id, l.substitution_id
            FROM lessons l WHERE l.school_id = lyceum.current_school() ORDER BY l.id
            """)
    }

    private func column(_ name: String, of lesson: String = lesson) throws -> String? {
        try school.value(
            "SELECT \(name) FROM lessons WHERE school_id = lyceum.current_school() AND id = \(lesson)")
    }

    /// A second lesson on that Monday, at the same time, of another section.
    private func addParallel(_ section: RuleKey = .maths1, room: RuleKey? = nil, teacher: RuleKey = .substitute) throws
    {
        try school.run(
            RuleSchool.lesson(
                .other, of: section, on: Self.monday, at: "08:00", to: "08:40", room: room, teacher: teacher))
    }

    // MARK: Each kind, and back

    static let kinds: [(kind: String, fields: [String: String], changed: [String: String])] = [
        ("replace", ["teacher_id": "\(free)"], ["teacher_id": free.uuid]),
        ("replace", ["room_id": "\(RuleKey.hall)"], ["room_id": RuleKey.hall.uuid]),
        ("move", ["date": "'2026-11-03'", "slot": "2"], ["date": "2026-11-03", "starts_at": "08:50:00"]),
        (
            "move", ["date": "'2026-11-02'", "slot": "3", "teacher_id": "\(free)"],
            ["starts_at": "09:40:00", "teacher_id": free.uuid]
        ),
        ("cancel", [:], ["state": "cancelled"]),
        ("merge", ["other_lesson_id": "\(RuleKey.other)"], ["teacher_id": RuleKey.substitute.uuid]),
        ("other_subject", ["section_id": "\(RuleKey.club)", "teacher_id": "\(free)"], ["state": "cancelled"]),
    ]

    @Test(arguments: kinds.indices) func L2_eachKindChangesTheLessonAndIsTakenBack(_ number: Int) throws {
        let (kind, fields, changed) = Self.kinds[number]
        try addParallel()
        let before = try lessons()
        try school.run(Self.make(kind, fields))
        for (name, value) in changed { #expect(try column(name) == value, "\(kind): \(name)") }
        #expect(try column("generated_at") == nil)
        #expect(try lessons() != before)
        // The generation leaves it.
        try school.run(LessonGenerationRuleTests.generation(Self.monday, "2026-11-08"))
        for (name, value) in changed { #expect(try column(name) == value, "\(kind): \(name)") }

        try school.run(Self.takeBack())
        #expect(try lessons() == before)
        // The generation may change it again.
        try school.run("UPDATE timetable_entries SET slot = 2 WHERE id = \(RuleKey.new)")
        try school.run(LessonGenerationRuleTests.generation(Self.monday, "2026-11-08"))
        #expect(try column("starts_at") == "08:50:00")
    }

    @Test func L2_otherSubjectMakesALessonOfTheOtherSection() throws {
        try school.run(Self.make("other_subject", ["section_id": "\(RuleKey.club)", "teacher_id": "\(Self.free)"]))
        let made = try school.rows(
            """
            SELECT l.section_id, l.date, l.slot, l.starts_at, l.room_id, l.teacher_id, l.state, l.substitution_id
            FROM lessons l JOIN substitutions s ON s.school_id = l.school_id AND s.other_lesson_id = l.id
            WHERE s.id = \(RuleKey.new) AND l.school_id = lyceum.current_school()
            """)
        #expect(
            made == [
                [
                    RuleKey.club.uuid, Self.monday, "1", "08:00:00", RuleKey.room.uuid, Self.free.uuid, "planned",
                    RuleKey.new.uuid,
                ]
            ])
    }

    /// What is recorded at the lesson that was made is not lost.
    @Test func L2_aLessonMadeInsteadWithRecordsStays() throws {
        try school.run(Self.make("other_subject", ["section_id": "\(RuleKey.english7)", "teacher_id": "\(Self.free)"]))
        let made =
            "(SELECT other_lesson_id FROM substitutions WHERE id = \(RuleKey.new) AND school_id = lyceum.current_school())"
        try school.run(
            "UPDATE lessons SET topic = 'Времена' WHERE id = \(made) AND school_id = lyceum.current_school()")
        #expect(try school.refusal(of: Self.takeBack()) == SQLRefusal("LYL02", "lesson_has_records"))
    }

    /// Three parts held as one; the host may be changed by the generation again after the last one has left.
    @Test func L1_mergedLessonsAreExemptFromTheOverlap() throws {
        try addParallel(.maths1, teacher: .substitute)
        try school.run(
            RuleSchool.lesson(
                RuleKey(9003), of: .maths2, on: Self.monday, at: "08:00", to: "08:40", teacher: .formerTeacher))
        try school.run(Self.make("merge", ["other_lesson_id": Self.lesson], of: "\(RuleKey.other)"))
        try school.run(Self.make("merge", ["other_lesson_id": Self.lesson], of: "\(RuleKey(9003))", id: .other))
        #expect(
            try school.value(
                "SELECT count(*) FROM lessons WHERE school_id = lyceum.current_school() AND merge_id = \(Self.lesson) AND teacher_id = \(RuleKey.teacher)"
            ) == "3")
        try school.run(Self.takeBack())
        #expect(try column("merge_id") != nil)
        try school.run(Self.takeBack(.other))
        #expect(try column("merge_id") == nil)
        #expect(try column("generated_at IS NOT NULL") == "t")
    }

    // MARK: Refusals

    static let refused: [(kind: String, fields: [String: String], refusal: SQLRefusal)] = [
        ("replace", ["teacher_id": "\(RuleKey.teacher)"], .check("substitutions_teacher_unchanged")),
        ("replace", ["teacher_id": "\(RuleKey.substitute)"], SQLRefusal("LYL03", "timetable_collision")),
        (
            "replace", ["teacher_id": "\(free)", "room_id": "\(RuleKey(39))"],
            SQLRefusal("LYL03", "timetable_collision")
        ),
        ("move", ["date": "'\(monday)'", "slot": "1"], .check("substitutions_slot_unchanged")),
        ("move", ["date": "'\(monday)'", "slot": "7"], .check("substitutions_bell_slot")),
        ("move", ["date": "'2026-10-26'", "slot": "1"], SQLRefusal("LYL01", "lesson_on_holiday")),
        ("move", ["date": "'2027-08-26'", "slot": "1"], SQLRefusal("LYL01", "lesson_outside_year")),
        // The former teacher has the home lesson.
        (
            "move", ["date": "'2026-10-14'", "slot": "1", "teacher_id": "\(RuleKey.formerTeacher)"],
            SQLRefusal("LYL03", "timetable_collision")
        ),
        ("move", ["slot": "2"], .check("substitutions_place")),
        ("merge", [:], .check("substitutions_other_lesson")),
        ("merge", ["other_lesson_id": "\(RuleKey.recent)"], .check("substitutions_other_time")),
        ("other_subject", [:], .check("substitutions_section")),
        ("other_subject", ["section_id": "\(RuleKey.maths7)"], .check("substitutions_section_unchanged")),
        (
            "other_subject", ["section_id": "\(RuleKey.club)", "teacher_id": "\(RuleKey.substitute)"],
            SQLRefusal("LYL03", "timetable_collision")
        ),
        ("swap", [:], .check("substitutions_kind")),
    ]

    @Test(arguments: refused.indices) func L1_L2_whatIsRefused(_ number: Int) throws {
        let (kind, fields, refusal) = Self.refused[number]
        try school.run(
            "INSERT INTO rooms (school_id, id, name) VALUES (lyceum.current_school(), \(RuleKey(39)), '305')")
        try addParallel(room: RuleKey(39))
        #expect(try school.refusal(of: Self.make(kind, fields)) == refusal)
    }

    /// The DETAIL names the lesson and the reason.
    @Test func L1_theCollisionIsNamed() throws {
        try addParallel()
        do {
            try school.run("SAVEPOINT attempt; " + Self.make("replace", ["teacher_id": "\(RuleKey.substitute)"]))
            Issue.record("accepted")
        } catch let failure as BlockingConnection.Failure {
            #expect(failure.detail?.contains(RuleKey.other.uuid) == true && failure.detail?.contains("teacher") == true)
        }
    }

    /// L5, M3: marks and attendance belong to the day of the lesson.
    @Test(arguments: ["move", "cancel", "other_subject"]) func L5_recordsStayOnTheirDay(_ kind: String) throws {
        let fields = [
            "move": ["date": "'2026-10-20'", "slot": "1"], "cancel": [:],
            "other_subject": ["section_id": "\(RuleKey.english7)", "teacher_id": "\(Self.free)"],
        ][kind]!
        let make = Self.make(kind, fields, of: "\(RuleKey.recent)")
        try school.run("UPDATE lessons SET bell_schedule_id = \(RuleKey.bells) WHERE id = \(RuleKey.recent)")
        #expect(try school.refusal(of: make) == nil)
        try school.set("user_id", to: RuleKey.teacher.uuid)
        try school.run(RuleSchool.attendance(.anna, at: .recent))
        try school.set("user_id", to: RuleKey.deputyHead.uuid)
        #expect(try school.refusal(of: make) == SQLRefusal("LYL02", "lesson_has_records"))
        // A substitute is recorded although there are records: nothing is lost.
        #expect(
            try school.refusal(of: Self.make("replace", ["teacher_id": "\(Self.free)"], of: "\(RuleKey.recent)")) == nil
        )
    }

    @Test func L5_aMovedLessonWithRecordsDoesNotGoBack() throws {
        try school.run("UPDATE lessons SET bell_schedule_id = \(RuleKey.bells) WHERE id = \(RuleKey.recent)")
        try school.run(Self.make("move", ["date": "'2026-10-13'", "slot": "1"], of: "\(RuleKey.recent)"))
        try school.set("user_id", to: RuleKey.teacher.uuid)
        try school.run(RuleSchool.attendance(.anna, at: .recent))
        try school.set("user_id", to: RuleKey.deputyHead.uuid)
        #expect(try school.refusal(of: Self.takeBack()) == SQLRefusal("LYL02", "lesson_has_records"))
    }

    @Test func L1_aFormerPlaceThatIsTakenIsNotRestored() throws {
        try school.run(Self.make("replace", ["teacher_id": "\(Self.free)"]))
        try addParallel(teacher: .teacher)
        #expect(try school.refusal(of: Self.takeBack()) == SQLRefusal("LYL03", "timetable_collision"))
        try school.run("UPDATE lessons SET state = 'cancelled' WHERE id = \(RuleKey.other)")
        #expect(try school.refusal(of: Self.takeBack()) == nil)
    }

    // MARK: All ways pass through the rules

    /// No other statement moves a lesson that has a substitution or is merged.
    @Test(arguments: [
        "teacher_id = NULL", "room_id = NULL", "date = '2026-11-03'", "slot = 2", "state = 'cancelled'",
        "merge_id = id",
        "substitution_id = NULL", "starts_at = '07:00'",
    ])
    func L2_onlyTakingItBackMovesTheLesson(_ change: String) throws {
        let update = "UPDATE lessons SET \(change) WHERE school_id = lyceum.current_school() AND id = \(Self.lesson)"
        let refusal = SQLRefusal("LYL05", "lesson_substituted")
        if !change.hasPrefix("substitution_id") { #expect(try school.refusal(of: update) != refusal) }
        try school.run(Self.make("replace", ["teacher_id": "\(Self.free)"]))
        #expect(try school.refusal(of: update) == refusal)
        try school.become(.owner)
        #expect(try school.refusal(of: update) == refusal)
        try school.become(.server)
        // What is recorded at the lesson is not its place.
        #expect(
            try school.refusal(
                of:
                    "UPDATE lessons SET topic = 'Дроби' WHERE school_id = lyceum.current_school() AND id = \(Self.lesson)"
            )
                == nil)
    }

    @Test func L2_theHostOfAMergeStaysToo() throws {
        try addParallel()
        try school.run(Self.make("merge", ["other_lesson_id": Self.lesson], of: "\(RuleKey.other)"))
        let refusal = SQLRefusal("LYL05", "lesson_substituted")
        #expect(
            try school.refusal(
                of:
                    "UPDATE lessons SET room_id = NULL WHERE school_id = lyceum.current_school() AND id = \(Self.lesson)"
            )
                == refusal)
        for lesson in [Self.lesson, "\(RuleKey.other)"] {
            #expect(try school.refusal(of: Self.make("cancel", of: lesson, id: .other)) == refusal)
        }
    }

    @Test func L2_aLessonHasOneSubstitutionAtATime() throws {
        try school.run(Self.make("replace", ["teacher_id": "\(Self.free)"]))
        let second = Self.make("cancel", id: .other)
        #expect(try school.refusal(of: second) == SQLRefusal("LYL05", "lesson_substituted"))
        try school.run(Self.takeBack())
        #expect(try school.refusal(of: second) == nil)
        try school.run(second)
        try school.run(Self.takeBack(.other))
        try school.run(
            "UPDATE lessons SET state = 'cancelled' WHERE school_id = lyceum.current_school() AND id = \(Self.lesson)")
        #expect(
            try school.refusal(of: Self.make("cancel", id: RuleKey(9003))) == SQLRefusal("LYL05", "lesson_cancelled"))
    }

    @Test func L2_aSubstitutionDoesNotChangeAndIsNotDeleted() throws {
        try school.run(Self.make("replace", ["teacher_id": "\(Self.free)"]))
        let row = "WHERE school_id = lyceum.current_school() AND id = \(RuleKey.new)"
        let fixed = SQLRefusal("LYL05", "not_movable")
        for change in ["reason = 'x'", "teacher_id = \(RuleKey.teacher)", "kind = 'cancel'", "old_teacher_id = NULL"] {
            #expect(try school.refusal(of: "UPDATE substitutions SET \(change) \(row)") == fixed, "\(change)")
        }
        #expect(try school.refusal(of: "DELETE FROM substitutions \(row)") == .noPrivilege)
        try school.run(Self.takeBack())
        #expect(try school.value("SELECT cancelled_by FROM substitutions \(row)") == RuleKey.deputyHead.uuid)
        #expect(try school.refusal(of: "UPDATE substitutions SET cancelled_at = NULL \(row)") == fixed)
        #expect(try school.refusal(of: "UPDATE substitutions SET cancelled_at = '2030-01-01' \(row)") == fixed)
    }

    /// Only administrators, heads and deputy heads, in their own name.
    @Test func A4_whoMakesSubstitutions() throws {
        let make = Self.make("cancel", ["created_by": "\(RuleKey.teacher)"])
        let forbidden = SQLRefusal("LYL05", "forbidden")
        try school.set("user_id", to: RuleKey.teacher.uuid)
        #expect(try school.refusal(of: make) == forbidden)
        try school.set("user_id", to: "")
        #expect(try school.refusal(of: make) == forbidden)
        try school.set("user_id", to: RuleKey.deputyHead.uuid)
        try school.run(make)
        #expect(
            try school.value(
                "SELECT created_by FROM substitutions WHERE school_id = lyceum.current_school() AND id = \(RuleKey.new)"
            )
                == RuleKey.deputyHead.uuid)
        try school.set("user_id", to: RuleKey.teacher.uuid)
        #expect(try school.refusal(of: Self.takeBack()) == forbidden)
    }

    /// A4: the substitute writes at that lesson.
    @Test func A4_theSubstituteTeachesTheLesson() throws {
        func teaches() throws -> String? {
            try school.value("SELECT lyceum.teaches_lesson(lyceum.current_school(), \(Self.free), \(Self.lesson))")
        }
        #expect(try teaches() == "f")
        try school.run(Self.make("replace", ["teacher_id": "\(Self.free)"]))
        #expect(try teaches() == "t")
        try school.run(Self.takeBack())
        #expect(try teaches() == "f")
    }

    /// M9: a moved lesson takes its control work along, and it may not come too close to another one.
    @Test func M9_aControlWorkMovesUnderItsRule() throws {
        try school.run("UPDATE sections SET hours_per_week = 5 WHERE school_id = lyceum.current_school()")
        try school.set("user_id", to: RuleKey.teacher.uuid)
        try school.run(
            """
            UPDATE line_items SET category_id = \(RuleKey.control)
                WHERE school_id = lyceum.current_school() AND id = \(RuleKey.tomorrow.column);
            INSERT INTO line_items (school_id, id, lesson_id, section_id, category_id)
                VALUES (lyceum.current_school(), \(RuleKey.other), \(Self.lesson), \(RuleKey.maths7), \(RuleKey.control));
            """)
        try school.set("user_id", to: RuleKey.deputyHead.uuid)
        func move(to date: String) -> String { Self.make("move", ["date": "'\(date)'", "slot": "1"]) }
        #expect(try school.refusal(of: move(to: "2026-11-06")) == nil)
        #expect(try school.refusal(of: move(to: "2026-10-23")) == .controlWorkNotAllowed)
    }
}
