import DiaryTestSupport
import Testing

/// A3, A4, A5: proposals for profiles in the database, as the server's role.
@Suite struct ProposalRuleTests {
    let school: RuleSchool

    init() throws {
        school = try RuleSchool()
        try school.run(
            """
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on)
                VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.class7), \(RuleKey.teacher), '2026-09-01');
            \(RuleSchool.guardianship(.mother, from: "2026-09-01", id: RuleKey(971)))
            \(RuleSchool.guardianship(.father, access: "none", from: "2026-09-01", id: RuleKey(972)))
            """)
    }

    private static func proposal(_ about: String, _ fields: String) -> String {
        """
        INSERT INTO profile_proposals (school_id, id, student_id, about, fields)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.anna), '\(about)', '\(fields)');
        """
    }
    private static func decide(_ state: String) -> String {
        RuleSchool.update("profile_proposals", .new, "state = '\(state)'")
    }

    private func propose(_ about: String, _ fields: String) throws {
        try school.set("user_id", to: RuleKey.mother.uuid)
        try school.run(Self.proposal(about, fields))
    }

    @Test(arguments: [(RuleKey.mother, true), (.father, false), (.uncle, false), (.anna, false), (.teacher, false)])
    func a3AGuardianWithAccessProposes(_ person: RuleKey, _ may: Bool) throws {
        try school.set("user_id", to: person.uuid)
        let refusal = try school.refusal(of: Self.proposal("student", #"{"phone": "1"}"#))
        #expect(refusal == (may ? nil : SQLRefusal("LYA13", "not_found")))
    }

    @Test func a4TheClassTeacherAcceptsAndOnlyThenItIsTrue() throws {
        try propose("student", #"{"phone": "+7 900", "address": null, "other_phones": ["2"]}"#)
        let phone = """
            SELECT phone || ' ' || other_phones[1] FROM students
            WHERE school_id = \(school.id) AND id = \(RuleKey.anna)
            """
        #expect(try school.value(phone) == nil)
        #expect(try school.refusal(of: Self.decide("accepted")) == SQLRefusal("LYA15", "not_your_proposal"))
        for person in [RuleKey.substitute, .father, .anna] {
            try school.set("user_id", to: person.uuid)
            #expect(try school.refusal(of: Self.decide("accepted")) == SQLRefusal("LYA15", "not_your_proposal"))
        }
        try school.set("user_id", to: RuleKey.teacher.uuid)
        try school.run(Self.decide("accepted"))
        #expect(try school.value(phone) == "+7 900 2")
        #expect(
            try school.value("SELECT decided_by FROM profile_proposals WHERE school_id = \(school.id)")
                == RuleKey.teacher.uuid)
        try school.become(.owner)
        let record = try school.rows(
            """
            SELECT changed_by, after ->> 'phone' FROM audit_log
            WHERE school_id = \(school.id) AND entity = 'students' AND action = 'update'
            """)
        #expect(record == [[RuleKey.teacher.uuid, "+7 900"]], "A5")
        let values = try school.value(
            """
            SELECT after ->> 'fields' FROM audit_log
            WHERE school_id = \(school.id) AND entity = 'profile_proposals' AND action = 'insert'
            """)
        #expect(values == "hidden")
    }

    @Test func a3TheGuardiansOwnContacts() throws {
        try propose("guardian", #"{"workplace": "Завод"}"#)
        try school.set("user_id", to: RuleKey.teacher.uuid)
        try school.run(Self.decide("accepted"))
        #expect(
            try school.rows(
                "SELECT id, workplace FROM guardians WHERE school_id = \(school.id) AND workplace IS NOT NULL")
                == [[RuleKey.mother.uuid, "Завод"]])
    }

    @Test func aDecidedProposalStaysAndAnOpenOneIsWithdrawnByItsAuthor() throws {
        try propose("student", #"{"phone": "1"}"#)
        #expect(
            try school.refusal(of: RuleSchool.update("profile_proposals", .new, #"fields = '{"phone": "2"}'"#))
                == SQLRefusal("LYL02", "not_movable"))
        try school.set("user_id", to: RuleKey.teacher.uuid)
        #expect(try school.refusal(of: Self.decide("withdrawn")) == SQLRefusal("LYA13", "not_found"))
        try school.set("user_id", to: RuleKey.mother.uuid)
        try school.run(Self.decide("withdrawn"))
        try school.set("user_id", to: RuleKey.teacher.uuid)
        #expect(try school.refusal(of: Self.decide("accepted")) == SQLRefusal("LYA14", "proposal_closed"))
    }

    @Test func aProfileIsConfirmedOnceAYear() throws {
        func confirm(_ person: RuleKey) throws -> String? {
            try school.set("user_id", to: person.uuid)
            return try school.value("SELECT lyceum.confirm_profile(\(RuleKey.anna))")
        }
        #expect(try confirm(.father) == nil)
        #expect(try confirm(.teacher) == nil)
        #expect(try confirm(.anna) == nil)
        #expect(try confirm(.mother) == "2026-10-15")
        try school.today("2026-12-01")
        #expect(try confirm(.mother) == "2026-10-15")
    }
}
