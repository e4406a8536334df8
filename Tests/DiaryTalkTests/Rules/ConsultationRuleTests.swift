import DiaryTestSupport
import TestSupport
import Testing

/// C4: consultations in the database.
@Suite struct ConsultationRuleTests {
    let school: RuleSchool

    static let administrator = RuleKey.substitute
    static let second = RuleKey.formerTeacher

    init() throws {
        school = try RuleSchool()
        try school.become(.owner)
        try school.run(
            """
            INSERT INTO user_roles (school_id, user_id, role) VALUES
                (\(RuleSchool.school), \(Self.administrator), 'administrator'),
                (\(RuleSchool.school), \(Self.second), 'administrator');
            INSERT INTO school_settings (school_id) VALUES (\(RuleSchool.school)) ON CONFLICT DO NOTHING;
            """)
        try school.become(.server)
        try become(.mother)
    }

    private func become(_ person: RuleKey) throws { try school.set("user_id", to: person.uuid) }

    private static func ask(of person: RuleKey = .mother, recordedBy administrator: RuleKey? = nil) -> String {
        """
        INSERT INTO consultations (school_id, id, asker_id, category, subject, recorded_by) VALUES
            (\(RuleSchool.school), \(RuleKey.new), \(person), 'other', 'Тема', \(RuleSchool.sql(administrator)));
        """
    }

    private static func write(_ kind: String, _ id: Int = 1, by author: RuleKey? = nil) -> String {
        """
        INSERT INTO consultation_messages (school_id, id, consultation_id, kind, text, author_id) VALUES
            (\(RuleSchool.school), \(RuleKey(9300 + id)), \(RuleKey.new), '\(kind)', 'Текст',
                \(author?.description ?? "lyceum.current_user_id()"));
        """
    }

    private static func change(_ assignments: String) -> String {
        RuleSchool.update("consultations", .new, assignments)
    }

    private func state() throws -> String? { try school.value("SELECT state FROM consultations") }

    private func told() throws -> [String] {
        try school.rows(
            "SELECT person_id, closed_at IS NOT NULL FROM notifications WHERE kind = 'consultation' ORDER BY xid, 1"
        )
        .map { "\(($0[0] ?? "").suffix(3))\($0[1] == "t" ? " closed" : "")" }
    }

    static let foreign = SQLRefusal("LYQ01", "not_your_consultation")

    @Test func c4PeopleAskInTheirOwnName() throws {
        #expect(try school.refusal(of: Self.ask()) == nil)
        #expect(try school.refusal(of: Self.ask(of: .father)) == Self.foreign)
        #expect(try school.refusal(of: Self.ask(of: .father, recordedBy: .mother)) == Self.foreign)
        #expect(try school.refusal(of: Self.ask(of: .father, recordedBy: Self.administrator)) == Self.foreign)
        try become(Self.administrator)
        #expect(try school.refusal(of: Self.ask(of: .father, recordedBy: Self.administrator)) == nil)
        #expect(try school.refusal(of: Self.ask(of: .father)) == Self.foreign)
    }

    static let tooMany = SQLRefusal("LYQ05", "too_many_questions")

    private static func asks(_ count: Int, of person: String, recordedBy: String = "NULL") -> String {
        """
        INSERT INTO consultations (school_id, id, asker_id, category, subject, recorded_by)
            SELECT \(RuleSchool.school), gen_random_uuid(), \(person), 'other', 'Тема', \(recordedBy)
            FROM generate_series(1, \(count));
        """
    }

    /// 20 questions in 24 hours, first and further ones together. What others ask does not count.
    @Test func c4APersonAsksOnlySoManyQuestionsADay() throws {
        #expect(try school.refusal(of: Self.asks(21, of: "\(RuleKey.mother)")) == Self.tooMany)
        try school.run(Self.ask())
        let questions = { (count: Int) in
            """
            INSERT INTO consultation_messages (school_id, id, consultation_id, kind, text)
                SELECT \(RuleSchool.school), gen_random_uuid(), \(RuleKey.new), 'question', 'Текст'
                FROM generate_series(1, \(count));
            """
        }
        #expect(try school.refusal(of: questions(21)) == Self.tooMany)
        try school.run(questions(20))
        #expect(try school.refusal(of: questions(1)) == Self.tooMany)
        try become(.father)
        #expect(try school.refusal(of: Self.asks(20, of: "\(RuleKey.father)")) == nil)
        // An answer is no question.
        try become(Self.administrator)
        #expect(try school.refusal(of: Self.write("answer", 2)) == nil)
    }

    @Test func c4TheDeskWritesDownOnlySoManyQuestionsADay() throws {
        try become(Self.administrator)
        let desk = "\(Self.administrator)"
        #expect(try school.refusal(of: Self.asks(201, of: "\(RuleKey.mother)", recordedBy: desk)) == Self.tooMany)
        #expect(try school.refusal(of: Self.asks(200, of: "\(RuleKey.mother)", recordedBy: desk)) == nil)
    }

    /// Two requests of one person at once do not pass the limit together.
    @Test func c4TheLimitHoldsForTwoRequestsAtOnce() throws {
        let own = try RuleSchool(in: try TestDatabase(.migrated))
        try own.become(.owner)
        try own.run(
            """
            INSERT INTO school_settings (school_id, questions_per_day) VALUES (\(RuleSchool.school), 1)
            ON CONFLICT (school_id) DO UPDATE SET questions_per_day = 1;
            """)
        try own.commit()
        let ask = Self.asks(1, of: "\(RuleKey.mother)")
        #expect(try own.race(ask, then: ask, as: .mother) == Self.tooMany)
    }

    /// K2: the phone number of a person who is erased goes; what was asked stays.
    @Test func k2ThePhoneOfAnErasedPersonIsForgotten() throws {
        try school.run(Self.ask())
        try school.become(.owner)
        try school.run(
            "UPDATE consultations SET phone = '+7 900 000-00-01' WHERE id = \(RuleKey.new)")
        try school.run("UPDATE users SET depersonalised_at = now() WHERE id = \(RuleKey.mother)")
        #expect(try school.rows("SELECT subject, phone FROM consultations") == [["Тема", nil]])
    }

    @Test func c4OnlyTheAskerAsksAndOnlyAdministratorsAnswer() throws {
        try school.run(Self.ask() + Self.write("question"))
        #expect(try school.refusal(of: Self.write("answer", 2)) == Self.foreign)
        #expect(try school.refusal(of: Self.write("note", 2)) == Self.foreign)
        for person in [RuleKey.father, .teacher] {
            try become(person)
            for kind in ["question", "answer", "note"] {
                #expect(try school.refusal(of: Self.write(kind, 2)) == Self.foreign)
            }
            #expect(try school.refusal(of: Self.change("state = 'closed'")) == SQLRefusal("LYQ02", "not_found"))
        }
        try become(Self.administrator)
        #expect(try school.refusal(of: Self.write("question", 2)) == Self.foreign)
        #expect(try school.refusal(of: Self.write("answer", 2, by: Self.second)) == Self.foreign)
        #expect(try school.refusal(of: Self.write("answer", 2)) == nil)
        #expect(try school.refusal(of: "UPDATE consultation_messages SET text = 'x'") == .noPrivilege)
        #expect(try school.affected(by: "DELETE FROM consultations") == 0, "K1: it is not old enough")
        #expect(try school.refusal(of: "DELETE FROM consultation_history") == .noPrivilege)
    }

    /// Steps by people, and the state after each; nil: refused.
    @Test(
        arguments: [
            ["note by admin", "in_progress", "answer by admin", "answered", "close by asker", "closed"],
            ["answer by admin", "answered", "question by asker", "open", "answer by admin", "answered"],
            ["answer by admin", "answered", "close by admin", "closed", "question by asker", "open"],
            ["close by admin", nil, "close by asker", "closed", "answer by admin", nil],
            ["take by admin", "in_progress", "give by asker", nil, "give by admin", "open", "take by asker", nil],
            ["take by admin", "in_progress", "pretend by admin", nil, "close by admin", nil],
            ["answer by admin", "answered", "take by admin", "in_progress", "pretend by asker", nil],
            ["close by asker", "closed", "give by asker", nil, "give by admin", nil, "take by admin", nil],
        ] as [[String?]])
    func c4States(_ steps: [String?]) throws {
        try school.run(Self.ask() + Self.write("question"))
        for number in stride(from: 0, to: steps.count, by: 2) {
            let words = steps[number]!.split(separator: " ")
            try become(words[2] == "admin" ? Self.administrator : .mother)
            let states = ["close": "closed", "take": "in_progress", "give": "open", "pretend": "answered"]
            let sql =
                states[String(words[0])].map { Self.change("state = '\($0)'") }
                ?? Self.write(String(words[0]), number + 2)
            let refusal = try school.refusal(of: sql)
            guard let after = steps[number + 1] else {
                #expect(
                    refusal == SQLRefusal("LYQ03", "consultation_state")
                        || refusal == SQLRefusal("LYQ04", "consultation_closed"), "\(steps[number]!)")
                continue
            }
            #expect(refusal == nil, "\(steps[number]!)")
            try school.run(sql)
            #expect(try state() == after, "\(steps[number]!)")
        }
        let history = try school.values("SELECT state FROM consultation_history ORDER BY version")
        #expect(try history.last! == state())
    }

    @Test func c4AClosedOneOpensAgainForSomeDays() throws {
        try school.run(Self.ask() + Self.write("question") + Self.change("state = 'closed'"))
        func closed(_ days: Int) throws {
            try school.become(.owner)
            try school.run("UPDATE consultations SET closed_at = now() - interval '\(days) days'")
            try school.become(.server)
        }
        try closed(15)
        #expect(try school.refusal(of: Self.write("question", 2)) == SQLRefusal("LYQ04", "consultation_closed"))
        try closed(14)
        try school.run(Self.write("question", 2))
        #expect(try school.rows("SELECT state, closed_at FROM consultations") == [["open", nil]])
    }

    @Test func c4AdministratorsAssignToAdministrators() throws {
        try school.run(Self.ask() + Self.write("question"))
        #expect(try school.refusal(of: Self.change("assigned_to = \(Self.administrator)")) == Self.foreign)
        try become(Self.administrator)
        #expect(
            try school.refusal(of: Self.change("assigned_to = \(RuleKey.teacher)")) == .check("consultations_assignee"))
        try school.run(Self.change("assigned_to = \(Self.second)"))
        #expect(try state() == "in_progress")
        for column in ["asker_id = \(RuleKey.father)", "subject = 'Иное'", "opened_at = now() - interval '1 day'"] {
            #expect(try school.refusal(of: Self.change(column)) == SQLRefusal("LYL02", "not_movable"), "\(column)")
        }
        // The waiting time is the database's own.
        try school.run(Self.change("waiting_since = now() + interval '9 days', answered_at = now(), closed_at = now()"))
        #expect(
            try school.rows("SELECT waiting_since = opened_at, answered_at, closed_at FROM consultations") == [
                ["t", nil, nil]
            ])
    }

    @Test func c4TheOtherSideIsTold() throws {
        try school.run(Self.ask() + Self.write("question"))
        #expect(try told() == ["101", "103"])
        try become(Self.administrator)
        try school.run(Self.write("note", 2))
        #expect(try told() == ["101", "103", "301"])
        try school.run(Self.write("answer", 3))
        #expect(try told().sorted() == ["101 closed", "103 closed", "301", "301"])
        // The one who has answered is told of the further question.
        try become(.mother)
        try school.run(Self.write("question", 4))
        #expect(try told().sorted() == ["101 closed", "103", "103 closed", "301", "301"])
    }

    @Test func c4ADeskEntryIsToldToTheOtherAdministratorsAndItsAnswerToThePerson() throws {
        try become(Self.administrator)
        try school.run(Self.ask(of: .father, recordedBy: Self.administrator) + Self.write("question"))
        #expect(try told() == ["101"])
        try school.run(Self.write("answer", 2))
        #expect(try told().sorted() == ["101 closed", "302"])
    }

    // MARK: Working days

    /// 15 October 2026 is a Thursday; the holidays are from 25 October to 1 November.
    @Test(arguments: [
        ("2026-10-15", 3, "2026-10-20"), ("2026-10-16", 1, "2026-10-19"), ("2026-10-17", 1, "2026-10-19"),
        ("2026-10-22", 3, "2026-11-03"), ("2026-10-23", 1, "2026-11-02"),
        // Holidays of one grade level are none for the administrators.
        ("2027-02-12", 1, "2027-02-15"),
    ])
    func c4TheNormCountsWorkingDaysOfTheSchool(_ day: String, _ count: Int, _ last: String) throws {
        #expect(try school.value("SELECT lyceum.working_day(\(RuleSchool.school), '\(day)', \(count))") == last)
        #expect(
            try school.value("SELECT lyceum.working_days(\(RuleSchool.school), '\(day)', '\(last)')") == String(count))
        let before = "SELECT lyceum.working_days(\(RuleSchool.school), '\(day)', '\(last)'::date - 1)"
        #expect(try school.value(before) == String(count - 1))
    }

    @Test func c4SaturdayCountsWhereSomeGradeLevelHasSixDays() throws {
        try school.become(.owner)
        try school.run(
            "UPDATE school_settings SET six_day_grade_levels = '{10,11}' WHERE school_id = \(RuleSchool.school)")
        try school.become(.server)
        #expect(
            try school.value("SELECT lyceum.working_day(\(RuleSchool.school), '2026-10-15', 3)") == "2026-10-19")
    }

    @Test func anEndlessHolidayEndsTheSearch() throws {
        try school.become(.owner)
        try school.run(
            "UPDATE holidays SET starts_on = '2026-09-02', ends_on = '2036-01-01' WHERE id = \(RuleKey.autumnHolidays)")
        #expect(
            try school.value("SELECT lyceum.working_day(\(RuleSchool.school), '2026-10-15', 3)") == "2027-10-16")
    }
}
