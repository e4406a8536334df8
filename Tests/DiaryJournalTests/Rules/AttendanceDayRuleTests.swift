import DiaryTestSupport
import Testing

/// T2, T4: the class teacher's word for a day, and absence notes. Anna has one lesson in class 7 on 14 October.
@Suite struct AttendanceDayRuleTests {
    let school: RuleSchool

    init() throws {
        school = try RuleSchool()
        try school.run(RuleSchool.appointment)
    }

    private static let today = "2026-10-14"

    /// What was written and what counts at Anna's lesson.
    private func record() throws -> [String?]? {
        try school.rows(
            """
            SELECT meaning, decided_meaning, decided_by_day, decided_by, version FROM attendance
            WHERE school_id = \(school.id) AND lesson_id = \(RuleKey.recent) AND student_id = \(RuleKey.anna)
            """
        ).first
    }

    private func status(_ pupil: RuleKey = .anna) throws -> [String?] {
        try school.rows(
            """
            SELECT status, meaning FROM lyceum.attended_lessons(
                \(school.id), ARRAY[\(pupil)], '\(Self.today)', '\(Self.today)')
            WHERE lesson_id = \(RuleKey.recent)
            """
        )[0]
    }

    /// The roll is taken by the teacher. The deferred trigger is run at once.
    private func takeRoll() throws {
        try school.run(
            RuleSchool.update("lessons", .recent, "attendance_taken_at = now()")
                + "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;")
    }

    private func note(
        _ state: String = "accepted", meaning: String? = "ill", from starts: String = "2026-10-12",
        to ends: String = "2026-10-20", id: RuleKey = .new
    ) -> String {
        """
        INSERT INTO absence_notes (school_id, id, student_id, starts_on, ends_on, reason, state, meaning, by_family)
            VALUES (\(RuleSchool.school), \(id), \(RuleKey.anna), '\(starts)', '\(ends)', 'Грипп', '\(state)',
                \(meaning.map { "'\($0)'" } ?? "NULL"), false);
        """
    }

    private func words() throws -> [String] {
        try school.rows(
            "SELECT date, meaning FROM attendance_days WHERE meaning IS NOT NULL ORDER BY date"
        ).map { $0.map { $0 ?? "" }.joined(separator: " ") }
    }

    // MARK: T2: the word for a day

    @Test func t2WordForTheDayIsWrittenWithTheRoll() throws {
        try school.run(RuleSchool.word(.anna, on: Self.today, "ill"))
        #expect(try record() == nil, "a lesson without a roll must not count as recorded (L2)")
        #expect(try status() == ["missed", "ill"])
        try takeRoll()
        #expect(try record() == [nil, "ill", "t", RuleKey.classTeacher.uuid, "1"])
        #expect(try status() == ["missed", "ill"])
    }

    @Test func t2TeachersCodeIsKeptBesideTheWord() throws {
        try school.run(RuleSchool.word(.anna, on: Self.today, "ill"))
        try school.run(RuleSchool.attendance(.anna, at: .recent, "absent", label: .labelAbsent))
        #expect(try record() == ["absent", "ill", "t", RuleKey.classTeacher.uuid, "1"])
        try school.run(RuleSchool.word(.anna, on: Self.today, nil))
        #expect(try record() == ["absent", nil, "f", nil, "2"])
        #expect(try status() == ["missed", "absent"])
    }

    @Test func t2DecisionAboutALessonGoesBeforeTheWordForTheDay() throws {
        try takeRoll()
        try school.run(RuleSchool.decision(.anna, at: .recent, "present"))
        try school.run(RuleSchool.word(.anna, on: Self.today, "ill"))
        #expect(try record()?[1...2] == ["present", "f"])
        #expect(try status() == ["present", nil])
        // Without the decision, the word holds again.
        try school.run(
            RuleSchool.byClassTeacher("UPDATE attendance SET decided_meaning = NULL, decided_at = NULL;"))
        #expect(try record()?[1...2] == ["ill", "t"])
    }

    @Test func t2WordOfADayDoesNotTouchOtherDaysAndStudents() throws {
        try takeRoll()
        try school.run(RuleSchool.attendance(.boris, at: .recent, "absent"))
        try school.run(RuleSchool.word(.anna, on: "2026-10-13", "ill"))
        try school.run(RuleSchool.word(.anna, on: Self.today, "present"))
        #expect(
            try school.rows("SELECT student_id, decided_meaning FROM attendance ORDER BY 1")
                == [[RuleKey.anna.uuid, "present"], [RuleKey.boris.uuid, nil]])
    }

    @Test func t2OnlyTheClassTeacherDecides() throws {
        let word = """
            INSERT INTO attendance_days (school_id, id, student_id, date, meaning)
                VALUES (\(RuleSchool.school), gen_random_uuid(), \(RuleKey.anna), '\(Self.today)', 'ill')
            """
        let decision = """
            INSERT INTO attendance (school_id, id, lesson_id, student_id, decided_meaning, decided_at)
                VALUES (\(RuleSchool.school), gen_random_uuid(), \(RuleKey.recent), \(RuleKey.anna), 'ill', now())
            """
        let refused = SQLRefusal("LYT02", "not_in_your_class")
        for person in [RuleKey.teacher, .deputyHead, .substitute] {
            try school.set("user_id", to: person.uuid)
            #expect(try school.refusal(of: word) == refused)
            #expect(try school.refusal(of: decision) == refused)
        }
        try school.set("user_id", to: RuleKey.classTeacher.uuid)
        #expect(try school.refusal(of: word) == nil)
        #expect(try school.refusal(of: decision) == nil)
        // Of another class.
        #expect(
            try school.refusal(of: word.replacing(RuleKey.anna.uuid, with: RuleKey.tenthGrader.uuid)) == refused)
    }

    @Test func t2NobodyElseChangesADecisionOrMakesOneThatLooksLikeTheDays() throws {
        try school.run(RuleSchool.attendance(.anna, at: .recent, "absent"))
        try school.run(RuleSchool.decision(.anna, at: .recent, "ill"))
        let refused = SQLRefusal("LYT02", "not_in_your_class")
        for change in [
            "decided_meaning = 'unexcused'", "decided_meaning = NULL, decided_at = NULL", "decided_reason = 'x'",
            "decided_by_day = true, decided_meaning = NULL, decided_at = NULL",
        ] {
            #expect(try school.refusal(of: "UPDATE attendance SET \(change)") == refused, "\(change)")
        }
        #expect(try school.refusal(of: "UPDATE attendance SET meaning = 'late', minutes = 5") == nil)
        // No word for the day: nothing is copied.
        try school.run(
            """
            INSERT INTO attendance (
                    school_id, id, lesson_id, student_id, meaning, decided_meaning, decided_at, decided_by_day)
                VALUES (\(RuleSchool.school), gen_random_uuid(), \(RuleKey.recent), \(RuleKey.boris), 'absent', 'ill',
                    now(), true)
            """)
        #expect(
            try school.values("SELECT decided_meaning FROM attendance WHERE student_id = \(RuleKey.boris)") == [nil])
    }

    @Test func m3WordNeedsAClassOnThatDay() throws {
        #expect(
            try school.refusal(of: RuleSchool.word(.leaver, on: "2026-10-09", "ill")) == nil, "was in the class then")
        #expect(
            try school.refusal(of: RuleSchool.word(.anna, on: "2026-08-30", "ill")) == .notAMember)
    }

    @Test func t2ActingClassTeacherDecidesOnTheDaysOfTheOffice() throws {
        try school.run(
            """
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on, ends_on, acting) VALUES
                (\(RuleSchool.school), \(RuleKey.other), \(RuleKey.class7), \(RuleKey.substitute), '2026-10-12',
                    '2026-10-15', true)
            """)
        let leads = """
            SELECT lyceum.decides_attendance(\(school.id), \(RuleKey.substitute), \(RuleKey.anna), '\(Self.today)')
            """
        let reads = "SELECT count(*) FROM lyceum.led_pupils(\(school.id), \(RuleKey.substitute))"
        for (today, decides, readsAny) in [
            ("2026-10-11", "f", false), ("2026-10-12", "t", true), ("2026-10-15", "t", true),
            ("2026-10-16", "f", false),
        ] {
            try school.set("today", to: today)
            #expect(try school.value(leads) == decides, "\(today)")
            #expect((try school.value(reads) != "0") == readsAny, "\(today)")
            // The class teacher stays appointed.
            #expect(
                try school.value(leads.replacing(RuleKey.substitute.uuid, with: RuleKey.classTeacher.uuid)) == "t")
        }
    }

    @Test func oneClassTeacherAndOneWhoActsAtATime() throws {
        func appoint(_ teacher: RuleKey, acting: Bool, until end: String?) -> String {
            """
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on, ends_on, acting) VALUES
                (\(RuleSchool.school), gen_random_uuid(), \(RuleKey.class7), \(teacher), '2026-10-12',
                    \(end.map { "'\($0)'" } ?? "NULL"), \(acting));
            """
        }
        let overlap = SQLRefusal.overlap("class_teachers_one_at_a_time")
        #expect(try school.refusal(of: appoint(.teacher, acting: false, until: "2026-10-15")) == overlap)
        #expect(try school.refusal(of: appoint(.teacher, acting: true, until: nil)) == .check("class_teachers_acting"))
        try school.run(appoint(.teacher, acting: true, until: "2026-10-15"))
        #expect(try school.refusal(of: appoint(.substitute, acting: true, until: "2026-10-13")) == overlap)
    }

    // MARK: T2: notes

    @Test func t2AcceptedNoteExplainsAbsencesAndMakesNone() throws {
        try school.run(RuleSchool.attendance(.boris, at: .recent, "absent"))
        try school.run(RuleSchool.byClassTeacher(note()))
        #expect(try words().count == 9)
        #expect(try status() == ["missed", "ill"], "the roll was not taken: the note is all that is known")
        // The roll was taken, and Anna was there.
        try takeRoll()
        #expect(try record() == nil)
        #expect(try status() == ["present", nil])
        // She was not.
        try school.run(RuleSchool.attendance(.anna, at: .recent, "absent"))
        #expect(try record()?[0...2] == ["absent", "ill", "t"])
        #expect(try status() == ["missed", "ill"])
        // Only late.
        try school.run("UPDATE attendance SET meaning = 'late', minutes = 5 WHERE student_id = \(RuleKey.anna)")
        #expect(try record()?[0...2] == ["late", nil, "f"])
        #expect(try status(.boris) == ["missed", "absent"])
    }

    @Test func t2NoteKeepsAWordForTheWholeDay() throws {
        try takeRoll()
        try school.run(RuleSchool.word(.anna, on: Self.today, "unexcused"))
        #expect(try status() == ["missed", "unexcused"])
        try school.run(RuleSchool.byClassTeacher(note()))
        #expect(try status() == ["missed", "ill"], "the class teacher has said that she was absent all day")
    }

    @Test func t2NoteThatIsNoLongerAcceptedTakesItsWordsBack() throws {
        try school.run(RuleSchool.attendance(.anna, at: .recent, "absent"))
        try school.run(RuleSchool.byClassTeacher(note()))
        try school.run(
            RuleSchool.byClassTeacher(
                note(meaning: "excused", from: Self.today, to: Self.today, id: .other)))
        #expect(try record()?[1] == "excused")
        // The days of the second note go back to the first.
        try school.run(
            RuleSchool.byClassTeacher("UPDATE absence_notes SET state = 'declined' WHERE id = \(RuleKey.other);"))
        #expect(try record()?[1] == "ill")
        try school.run(
            RuleSchool.byClassTeacher("UPDATE absence_notes SET ends_on = '2026-10-13' WHERE id = \(RuleKey.new);"))
        #expect(try words() == ["2026-10-12 ill", "2026-10-13 ill"])
        #expect(try record()?[0...2] == ["absent", nil, "f"])
        try school.run(
            RuleSchool.byClassTeacher("UPDATE absence_notes SET state = 'sent' WHERE id = \(RuleKey.new);"))
        #expect(try words() == [])
    }

    @Test func t2NoteOfAStudentWhoLeavesFillsOnlyDaysInTheClass() throws {
        try school.run(
            "UPDATE enrollments SET ends_on = '2026-10-16' WHERE student_id = \(RuleKey.vera)")
        try school.run(
            RuleSchool.byClassTeacher(
                note(from: "2026-10-15", to: "2026-10-20", id: .other).replacing(
                    RuleKey.anna.uuid, with: RuleKey.vera.uuid)))
        #expect(try words() == ["2026-10-15 ill", "2026-10-16 ill"])
    }

    @Test func a1GuardiansWriteNotesOfOwnChildrenUntilTheyAreAnswered() throws {
        try school.run(RuleSchool.guardianship(.mother, of: .anna, from: "2026-09-01", id: RuleKey(9011)))
        try school.run(RuleSchool.guardianship(.father, of: .anna, from: "2026-09-01", id: RuleKey(9012)))
        let unknown = SQLRefusal.foreignKey("absence_notes_school_id_student_id_fkey")
        let (forbidden, answered) = (SQLRefusal("LYT02", "forbidden"), SQLRefusal("LYT02", "note_answered"))
        let sent = note("sent", meaning: nil)
        try school.set("user_id", to: RuleKey.uncle.uuid)
        #expect(try school.refusal(of: sent) == unknown)
        try school.set("user_id", to: RuleKey.anna.uuid)
        #expect(try school.refusal(of: sent) == unknown, "students write no notes")
        try school.set("user_id", to: RuleKey.mother.uuid)
        #expect(try school.refusal(of: sent.replacing(RuleKey.anna.uuid, with: RuleKey.boris.uuid)) == unknown)
        #expect(try school.refusal(of: note()) == forbidden)
        try school.run(sent)
        #expect(
            try school.rows("SELECT author_id, by_family FROM absence_notes") == [[RuleKey.mother.uuid, "t"]])
        #expect(try school.refusal(of: "UPDATE absence_notes SET ends_on = '2026-10-21'") == nil)
        #expect(try school.refusal(of: "UPDATE absence_notes SET state = 'accepted'") == forbidden)
        #expect(try school.refusal(of: "UPDATE absence_notes SET student_id = \(RuleKey.boris)") != nil)
        // The other guardian withdraws nothing.
        try school.set("user_id", to: RuleKey.father.uuid)
        #expect(try school.refusal(of: "DELETE FROM absence_notes") == forbidden)
        #expect(try words() == [])
        try school.run(RuleSchool.byClassTeacher("UPDATE absence_notes SET state = 'accepted';"))
        #expect(try school.values("SELECT meaning FROM absence_notes") == ["excused"])
        try school.set("user_id", to: RuleKey.mother.uuid)
        #expect(try school.refusal(of: "UPDATE absence_notes SET reason = 'x'") == answered)
        #expect(try school.refusal(of: "DELETE FROM absence_notes") == answered)
        // The class teacher may correct the days, not the family's words.
        try school.set("user_id", to: RuleKey.classTeacher.uuid)
        #expect(try school.refusal(of: "UPDATE absence_notes SET reason = 'x'") == forbidden)
        #expect(try school.refusal(of: "UPDATE absence_notes SET ends_on = '2026-10-16'") == nil)
    }

    // MARK: T4

    @Test func t4WithoutARecordPresentOnlyWhereTheRollWasTaken() throws {
        #expect(try status() == [nil, nil])
        try takeRoll()
        #expect(try status() == ["present", nil])
        try school.set("today", to: "2026-10-13")
        try school.run(RuleSchool.update("lessons", .recent, "attendance_taken_at = NULL"))
        try school.run(RuleSchool.word(.anna, on: Self.today, "ill"))
        #expect(try status() == [nil, nil], "a lesson to come is not missed yet")
    }

    // MARK: A5

    @Test func a5WordsAndNotesAreAudited() throws {
        try school.run(RuleSchool.word(.anna, on: Self.today, "ill"))
        try school.run(RuleSchool.word(.anna, on: Self.today, nil))
        try school.run(RuleSchool.byClassTeacher(note()))
        #expect(
            try school.rows(
                """
                SELECT entity, action, count(*) FROM audit_log WHERE entity IN ('attendance_days', 'absence_notes')
                    AND changed_by = \(RuleKey.classTeacher) GROUP BY 1, 2 ORDER BY 1, 2
                """) == [
                    ["absence_notes", "insert", "1"], ["attendance_days", "insert", "9"],
                    ["attendance_days", "update", "2"],
                ])
        #expect(try school.refusal(of: "DELETE FROM attendance_days") == .noPrivilege)
    }
}
