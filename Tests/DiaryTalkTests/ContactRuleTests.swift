import DiaryTestSupport
import Testing

/// S5.3, A1, A3, A5: who records contacts with families, about whom, and who corrects them, as the server's role.
@Suite struct ContactRuleTests {
    let school: RuleSchool

    init() throws {
        school = try RuleSchool()
        try school.run(
            """
            \(RuleSchool.appointment)
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on, ends_on, acting) VALUES
                (\(RuleSchool.school), \(RuleKey(704)), \(RuleKey.class7), \(RuleKey.substitute), '2026-10-14', '2026-10-15',
                    true),
                (\(RuleSchool.school), \(RuleKey(705)), \(RuleKey.class7), \(RuleKey.formerTeacher), '2026-10-12',
                    '2026-10-13', true);
            INSERT INTO user_roles (school_id, user_id, role)
                VALUES (\(RuleSchool.school), \(RuleKey.deputyHead), 'deputy_head');
            \(RuleSchool.guardianship(.mother, from: "2026-09-01", id: RuleKey(971)))
            \(RuleSchool.guardianship(.father, access: "none", from: "2026-09-01", id: RuleKey(972)))
            \(RuleSchool.guardianship(.grandmother, from: "2026-09-01", to: "2026-10-14", id: RuleKey(973)))
            \(RuleSchool.guardianship(.uncle, of: .boris, from: "2026-09-01", id: RuleKey(974)))
            """)
        try school.set("user_id", to: RuleKey.classTeacher.uuid)
    }

    private static let unknownStudent = SQLRefusal.foreignKey("contacts_school_id_student_id_fkey")
    private static let unknownGuardian = SQLRefusal.foreignKey("contacts_school_id_guardian_id_fkey")
    private static let forbidden = SQLRefusal("LYS01", "forbidden")

    private static func contact(
        _ student: RuleKey = .anna, with guardian: RuleKey? = nil, on date: String = "2026-10-15",
        about: String = "'Собрание', NULL, NULL", id: RuleKey = .new
    ) -> String {
        """
        INSERT INTO contacts
            (school_id, id, student_id, guardian_id, date, means, outcome, author_id, text, entity, entity_id)
        VALUES (\(RuleSchool.school), \(id), \(student), \(RuleSchool.sql(guardian)), '\(date)', 'phone', 'reached',
            \(RuleKey.uncle), \(about));
        """
    }

    @Test(arguments: [
        (RuleKey.classTeacher, SQLRefusal?.none), (.substitute, nil), (.deputyHead, nil),
        (.formerTeacher, unknownStudent), (.teacher, unknownStudent), (.mother, unknownStudent),
        (.anna, unknownStudent),
    ])
    func s5_3WhoInformsTheFamilyRecordsAContact(_ person: RuleKey, _ wanted: SQLRefusal?) throws {
        try school.set("user_id", to: person.uuid)
        #expect(try school.refusal(of: Self.contact()) == wanted)
        guard wanted == nil else { return }
        try school.run(Self.contact())
        #expect(try school.value("SELECT author_id FROM contacts WHERE school_id = \(school.id)") == person.uuid)
    }

    @Test func a1AClassTeacherRecordsNothingAboutOtherClasses() throws {
        #expect(try school.refusal(of: Self.contact(.tenthGrader)) == Self.unknownStudent)
        #expect(try school.refusal(of: Self.contact(.leaver)) == Self.unknownStudent)
    }

    @Test(arguments: [
        (RuleKey.mother, "2026-10-15", SQLRefusal?.none), (.father, "2026-10-15", unknownGuardian),
        (.grandmother, "2026-10-14", nil), (.grandmother, "2026-10-15", unknownGuardian),
        (.uncle, "2026-10-15", unknownGuardian),
    ])
    func a3OnlyAGuardianWithAccessOnTheDayIsInformed(
        _ guardian: RuleKey, _ date: String, _ wanted: SQLRefusal?
    ) throws {
        #expect(try school.refusal(of: Self.contact(with: guardian, on: date)) == wanted)
    }

    @Test func a3AnEndedGuardianshipLeavesTheContactAsItIs() throws {
        try school.run(Self.contact(with: .mother, on: "2026-10-14"))
        try school.become(.owner)
        try school.run(RuleSchool.update("guardianships", RuleKey(971), "access = 'none'"))
        try school.become(.server)
        #expect(try school.refusal(of: RuleSchool.update("contacts", .new, "text = 'О собрании'")) == nil)
        #expect(
            try school.refusal(of: RuleSchool.update("contacts", .new, "date = '2026-10-13'")) == Self.unknownGuardian)
    }

    @Test func s5_3OnlyTheAuthorCorrectsAndTheHistoryKeepsIt() throws {
        try school.run(Self.contact())
        try school.set("user_id", to: RuleKey.deputyHead.uuid)
        let correction = RuleSchool.update("contacts", .new, "date = '2026-10-14', outcome = 'not_reached'")
        let deletion = "DELETE FROM contacts WHERE school_id = \(school.id) AND id = \(RuleKey.new);"
        #expect(try school.refusal(of: correction) == Self.forbidden)
        #expect(try school.refusal(of: deletion) == Self.forbidden)
        try school.set("user_id", to: RuleKey.classTeacher.uuid)
        #expect(
            try school.refusal(of: RuleSchool.update("contacts", .new, "student_id = \(RuleKey.boris)"))
                == SQLRefusal("LYL02", "not_movable"))
        try school.run(correction + deletion)
        #expect(
            try school.rows(
                """
                SELECT action, changed_by, before ->> 'date', after ->> 'date', before ->> 'outcome' FROM audit_log
                WHERE school_id = \(school.id) AND entity = 'contacts' AND entity_id = \(RuleKey.new) ORDER BY id
                """) == [
                    ["insert", RuleKey.classTeacher.uuid, nil, "2026-10-15", nil],
                    ["update", RuleKey.classTeacher.uuid, "2026-10-15", "2026-10-14", "reached"],
                    ["delete", RuleKey.classTeacher.uuid, "2026-10-14", nil, "not_reached"],
                ])
    }

    @Test func s5_3AContactIsNotInTheFutureAndHasASubject() throws {
        #expect(try school.refusal(of: Self.contact(on: "2026-10-16")) == .check("contacts_date"))
        #expect(try school.refusal(of: Self.contact(about: "NULL, NULL, NULL")) == .check("contacts_subject"))
        #expect(
            try school.refusal(of: Self.contact(about: "'x', 'notifications', NULL")) == .check("contacts_entity_id"))
    }

    @Test func a1AContactIsAboutWhatWasToldToTheFamily() throws {
        try school.become(.owner)
        try school.run(
            """
            INSERT INTO notifications (school_id, id, student_id, person_id, kind, entity, entity_id) VALUES
                (\(school.id), \(RuleKey(1)), \(RuleKey.anna), NULL, 'absence', 'attendance', \(RuleKey(9))),
                (\(school.id), \(RuleKey(2)), \(RuleKey.boris), NULL, 'absence', 'attendance', \(RuleKey(9))),
                (\(school.id), \(RuleKey(3)), NULL, \(RuleKey.mother), 'message', 'messages', \(RuleKey(9))),
                (\(school.id), \(RuleKey(4)), \(RuleKey.anna), \(RuleKey.father), 'message', 'messages', \(RuleKey(9)));
            """)
        try school.become(.server)
        for (number, isKnown) in [(1, true), (2, false), (3, true), (4, false), (5, false)] {
            let refusal = try school.refusal(
                of: Self.contact(about: "NULL, 'notifications', \(RuleKey(number))"))
            #expect(refusal == (isKnown ? nil : .foreignKey("contacts_about")), "\(number)")
        }
    }

    @Test func a3AGuardianSeesTheOwnContactsAndNoOthers() throws {
        try school.run(
            Self.contact(with: .mother, id: RuleKey(1)) + Self.contact(id: RuleKey(2))
                + Self.contact(with: .grandmother, on: "2026-10-14", id: RuleKey(3)))
        let seen = """
            SELECT right(id::text, 1) FROM contacts t
            WHERE school_id = \(school.id) AND lyceum.sees_contact(t.student_id, t.guardian_id, t.author_id) ORDER BY id
            """
        for (person, wanted) in [
            (RuleKey.mother, ["1"]), (.grandmother, []), (.father, []), (.uncle, []), (.teacher, []),
            (.classTeacher, ["1", "2", "3"]), (.substitute, ["1", "2", "3"]), (.deputyHead, ["1", "2", "3"]),
            (.formerTeacher, []),
        ] {
            try school.set("user_id", to: person.uuid)
            #expect(try school.values(seen) == wanted, "\(person)")
        }
        // A class teacher who is a guardian of the child does not see the contacts with the others.
        try school.become(.owner)
        try school.run(
            """
            INSERT INTO guardians (school_id, id) VALUES (\(school.id), \(RuleKey.substitute));
            \(RuleSchool.guardianship(.substitute, from: "2026-09-01", id: RuleKey(975)))
            """)
        try school.become(.server)
        try school.set("user_id", to: RuleKey.substitute.uuid)
        #expect(try school.values(seen) == [])
        try school.run(Self.contact(with: .substitute, id: RuleKey(4)))
        #expect(try school.values(seen) == ["4"])
        // Without access, the class teacher sees not even these.
        try school.become(.owner)
        try school.set("user_id", to: RuleKey.deputyHead.uuid)
        try school.run(RuleSchool.update("guardianships", RuleKey(975), "access = 'none', basis = 'Решение суда'"))
        try school.become(.server)
        try school.set("user_id", to: RuleKey.substitute.uuid)
        #expect(try school.values(seen) == [])
    }
}
