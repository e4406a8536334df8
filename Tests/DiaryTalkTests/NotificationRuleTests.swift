import DiaryTestSupport
import Testing

/// C3: what the log of changes says about a child becomes a notification in the same transaction.
@Suite struct NotificationRuleTests {
    let school: ToldSchool

    init() throws { school = try ToldSchool() }

    private static let cell = RuleSchool.cell(.anna, at: .recent)

    // MARK: Marks

    @Test func c3_aMarkItsChangeAndItsRemovalAreTold() throws {
        #expect(try school.told(RuleSchool.mark(.anna, at: .recent)) == ["Anna mark"])
        #expect(try school.told("UPDATE marks SET number = 3 \(Self.cell)") == ["Anna mark_changed"])
        #expect(try school.told("UPDATE marks SET number = 3 \(Self.cell)") == [], "nothing has changed")
        #expect(try school.told(RuleSchool.change(.anna, at: .recent, to: .nothing)) == ["Anna mark_removed"])
        #expect(try school.told(RuleSchool.change(.anna, at: .recent, to: .number(5))) == ["Anna mark_changed"])
    }

    /// A batch may write a mark twice.
    @Test func c3_aTransactionTellsOnceOfAMark() throws {
        let (made, removed) = (RuleSchool.mark(.anna, at: .recent), RuleSchool.change(.anna, at: .recent, to: .nothing))
        let changed = RuleSchool.change(.anna, at: .recent, to: .number(3))
        #expect(try school.told(made + changed) == ["Anna mark"])
        #expect(try school.told(changed + removed) == ["Anna mark_removed"])
        #expect(try school.told(changed + removed + changed) == ["Anna mark_changed"])
        #expect(
            try school.told(RuleSchool.mark(.boris, at: .recent) + RuleSchool.change(.boris, at: .recent, to: .nothing))
                == [])
        #expect(
            try school.told(RuleSchool.mark(.vera, at: .recent) + RuleSchool.change(.anna, at: .recent, to: .number(4)))
                == ["Anna mark_changed", "Vera mark"])
    }

    @Test func m12_aMarkThatIsHeldBackIsNotTold() throws {
        #expect(
            try school.told(
                """
                INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number, published_at)
                VALUES (\(RuleSchool.school), gen_random_uuid(), \(RuleKey.recent.column), \(RuleKey.anna), 'number', 5, NULL)
                """) == [])
        #expect(try school.told("UPDATE marks SET number = 4 \(Self.cell)") == [])
        #expect(try school.told("UPDATE marks SET published_at = now() \(Self.cell)") == ["Anna mark"])
        #expect(try school.told("UPDATE marks SET published_at = NULL \(Self.cell)") == ["Anna mark_removed"])
        #expect(try school.told(RuleSchool.change(.anna, at: .recent, to: .nothing)) == [])
    }

    /// Background work writes to the log when the time of publication comes.
    @Test func m12_aMarkIsToldWhenItIsPublished() throws {
        #expect(
            try school.told(
                """
                INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number, published_at)
                VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.recent.column), \(RuleKey.anna), 'number', 5,
                    now() + interval '1 hour')
                """) == [])
        let publish = "SELECT lyceum.publish('marks', \(RuleKey.new))"
        #expect(try school.told(publish) == [], "it is too early")
        try school.rewrite(
            """
            UPDATE marks SET changed_at = now() - interval '2 hours', published_at = now() - interval '1 second'
            WHERE school_id = \(school.school.id) AND id = \(RuleKey.new)
            """)
        #expect(try school.told(publish) == ["Anna mark"])
    }

    // MARK: Final marks, feedback, conduct notes

    @Test func c3_aFinalMarkAndItsChangeAreTold() throws {
        let change = { (value: String) in
            "UPDATE final_marks SET \(value) WHERE school_id = \(RuleSchool.school) AND student_id = \(RuleKey.anna)"
        }
        #expect(
            try school.told(RuleSchool.final(.anna, "term", .quarter1, .number(5), section: .maths7))
                == ["Anna final_mark"])
        #expect(try school.told(change("number = 4")) == ["Anna final_mark_changed"])
        #expect(try school.told(change("value_kind = NULL, number = NULL")) == ["Anna final_mark_changed"])
    }

    /// An import of what students bring from other schools tells nobody.
    @Test func c3_aTransferredFinalMarkIsNotTold() throws {
        #expect(
            try school.told(RuleSchool.final(.anna, "term", .quarter1, .number(5), source: "transferred")) == [])
    }

    @Test func c3_feedbackAndConductNotesAreTold() throws {
        let feedback = """
            INSERT INTO feedback (school_id, id, student_id, section_id, lesson_id, text) VALUES
                (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.anna), \(RuleKey.maths7), \(RuleKey.recent), 'Хорошо');
            """
        #expect(try school.told(feedback) == ["Anna feedback"])
        #expect(try school.told(RuleSchool.update("feedback", .new, "text = 'Отлично сказано'")) == ["Anna feedback"])
        #expect(try school.told(RuleSchool.update("feedback", .new, "deleted_at = now()")) == [])
        let note = """
            INSERT INTO conduct_notes (school_id, id, student_id, date, kind, text, published_at) VALUES
                (\(RuleSchool.school), \(RuleKey.other), \(RuleKey.anna), '2026-10-14', 'praise', 'Помогла', NULL);
            """
        #expect(try school.told(note) == [], "M12")
        #expect(
            try school.told(RuleSchool.update("conduct_notes", .other, "published_at = now()")) == ["Anna conduct_note"]
        )
        #expect(
            try school.told(
                RuleSchool.update("conduct_notes", .other, "text = 'Помогла дважды'")
                    + RuleSchool.update("conduct_notes", .other, "deleted_at = now()")) == [])
    }

    // MARK: Homework

    private static let homework = RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16")

    /// The leaver left on 10 October, and the lesson is on the 14th; the student at home is not in the class's group.
    @Test func c3_homeworkIsToldToTheGroupOfThatDay() throws {
        #expect(try school.told(Self.homework) == ["Anna homework", "Boris homework", "Vera homework"])
        #expect(
            try school.told(RuleSchool.update("homework", .new, "text = '№ 18'"))
                == ["Anna homework_changed", "Boris homework_changed", "Vera homework_changed"])
        #expect(
            try school.told(RuleSchool.update("homework", .new, "deleted_at = now()"))
                == ["Anna homework_changed", "Boris homework_changed", "Vera homework_changed"])
    }

    @Test func c3_homeworkThatIsDoneOrWasDueIsNotTold() throws {
        #expect(try school.told(Self.homework).count == 3)
        #expect(
            try school.told(
                """
                INSERT INTO homework_completions (school_id, homework_id, student_id)
                VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.anna))
                """, by: .anna) == [])
        #expect(try school.told(RuleSchool.update("homework", .new, "text = '№ 18'"), today: "2026-10-17") == [])
        #expect(
            try school.told(
                RuleSchool.homework(.substituted, of: .maths7, due: "2026-10-14", id: .other), today: "2026-10-15")
                == [])
    }

    /// A1: homework for some students is for them only.
    @Test func a1_homeworkForSomeIsToldToThemOnly() throws {
        let name = { (pupil: RuleKey) in
            """
            INSERT INTO homework_students (school_id, homework_id, student_id)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(pupil));
            """
        }
        let forSome = """
            INSERT INTO homework (school_id, id, lesson_id, section_id, text, due_on, for_all)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.recent), \(RuleKey.maths7), '№ 17', '2026-10-16', false);
            """
        #expect(try school.told(forSome + name(.anna)) == ["Anna homework"])
        #expect(try school.told(name(.boris)) == ["Boris homework"])
        #expect(
            try school.told(RuleSchool.update("homework", .new, "text = '№ 18'") + name(.vera))
                == ["Anna homework_changed", "Boris homework_changed", "Vera homework"])
        #expect(
            try school.told(
                "DELETE FROM homework_students WHERE school_id = \(RuleSchool.school) AND student_id = \(RuleKey.boris)"
            )
                == ["Boris homework_changed"])
    }

    // MARK: Debts

    @Test func c3_aDebtIsToldThreeDaysBeforeItsDayAndOnce() throws {
        #expect(try school.told(RuleSchool.mark(.anna, at: .recent, .owed(until: "2026-10-20"))) == ["Anna mark"])
        let tell = "SELECT lyceum.tell_debts()"
        #expect(try school.told(tell, today: "2026-10-16") == [])
        #expect(try school.told(tell, today: "2026-10-17") == ["Anna debt_due"])
        #expect(try school.told(tell, today: "2026-10-18") == [])
        #expect(try school.told(tell, today: "2026-10-21") == [])
    }

    @Test func m12_aDebtThatIsHeldBackOrPaidIsNotTold() throws {
        try school.told(
            RuleSchool.mark(.anna, at: .recent, .owed(until: "2026-10-17"))
                + RuleSchool.mark(.boris, at: .recent, .owed(until: "2026-10-17")))
        try school.told(
            "UPDATE marks SET published_at = NULL \(Self.cell);"
                + RuleSchool.change(.boris, at: .recent, to: .number(4)))
        #expect(try school.told("SELECT lyceum.tell_debts()", today: "2026-10-16") == [])
    }

    // MARK: Class changes

    /// L5: the records are what they were.
    @Test func l5_recordsThatMoveWithAClassChangeAreNotTold() throws {
        try school.told(
            RuleSchool.mark(.anna, at: .recent, .number(4)) + RuleSchool.attendance(.anna, at: .recent)
                + """
                INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
                    VALUES (\(RuleSchool.school), \(RuleKey(79)), \(RuleKey.year), 7, 'Б', '7Б');
                INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name)
                    VALUES (\(RuleSchool.school), \(RuleKey(609)), \(RuleKey.year), \(RuleKey.maths), \(RuleKey(79)), 'Математика 7Б');
                \(RuleSchool.lesson(RuleKey(850), of: RuleKey(609), on: "2026-10-14", at: "10:00", to: "10:40"))
                """)
        #expect(
            try school.told(
                """
                \(RuleSchool.update("enrollments", RuleSchool.enrollment(.anna), "ends_on = '2026-10-13'"))
                INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
                    VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.anna), \(RuleKey(79)), '2026-10-14');
                SELECT * FROM lyceum.move_records(\(RuleKey.anna), \(RuleKey.class7), '2026-10-14', 'Приказ № 31');
                """) == [])
        #expect(
            try school.rows(
                "SELECT count(*) FROM marks WHERE school_id = \(RuleSchool.school) AND student_id = \(RuleKey.anna)")
                == [["2"]], "the mark has moved")
    }
}
