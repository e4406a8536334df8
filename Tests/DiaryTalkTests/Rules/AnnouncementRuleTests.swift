import DiaryTestSupport
import Testing

/// Announcements in the database: who writes to whom (A4), whom they reach (A1, A3), and their receipts (C2).
@Suite struct AnnouncementRuleTests {
    let school: RuleSchool

    static let families = "guardians/class/\(RuleKey.class7.uuid)"

    /// The deputy head and the class teacher have their posts. In class 7, Anna has mother and father, Boris has a
    /// grandmother without access, Vera has an uncle; the mother has a child in class 2, too.
    init() throws {
        school = try RuleSchool()
        try school.run(
            """
            \(RuleSchool.appointment)
            INSERT INTO user_roles (school_id, user_id, role) VALUES
                (\(RuleSchool.school), \(RuleKey.deputyHead), 'deputy_head'),
                (\(RuleSchool.school), \(RuleKey.teacher), 'teacher');
            SET LOCAL lyceum.user_id = '\(RuleKey.deputyHead.uuid)';
            INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on, ends_on) VALUES
                \(Self.guardianship(1, .mother, .anna)), \(Self.guardianship(2, .father, .anna)),
                \(Self.guardianship(3, .mother, .secondGrader)), \(Self.guardianship(4, .grandmother, .boris, "none")),
                \(Self.guardianship(5, .uncle, .vera));
            """)
    }

    private static func guardianship(_ n: Int, _ guardian: RuleKey, _ pupil: RuleKey, _ access: String = "full")
        -> String
    {
        "(\(RuleSchool.school), \(RuleKey(9100 + n)), \(guardian), \(pupil), 'legal_guardian', '\(access)', '2026-09-01', NULL)"
    }

    private func become(_ person: RuleKey) throws { try school.set("user_id", to: person.uuid) }

    private static func insert(
        _ audience: [String], id: RuleKey = .new, asks: Bool = false, starts: String = "now()", ends: String = "NULL"
    ) -> String {
        """
        INSERT INTO announcements (school_id, id, title, text, audience, asks_acknowledgement, starts_at, ends_at)
            VALUES (\(RuleSchool.school), \(id), 'Собрание', 'В четверг', '{\(audience.joined(separator: ","))}', \(asks),
                \(starts), \(ends));
        """
    }

    private static func change(_ assignments: String) -> String {
        RuleSchool.update("announcements", .new, assignments)
    }

    private static func receipt(of person: RuleKey, version: Int = 1, acknowledged: Bool = false) -> String {
        """
        INSERT INTO announcement_receipts (school_id, announcement_id, person_id, text_version, acknowledged_at)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(person), \(version), \(acknowledged ? "now()" : "NULL"));
        """
    }

    private func told() throws -> [String] {
        try school.rows("SELECT person_id, student_id FROM notifications WHERE kind = 'announcement' ORDER BY 1, 2").map
        {
            $0.map { String(($0 ?? "-").suffix(3)) }.joined(separator: " ")
        }
    }

    static let refused = SQLRefusal("LYU04", "not_your_audience")

    // MARK: A4

    struct Writing: Sendable, CustomTestStringConvertible {
        let person: RuleKey
        let address: String
        let isAllowed: Bool
        var testDescription: String { "\(person.number) \(address)" }
    }

    static let writings: [Writing] = [
        Writing(person: .deputyHead, address: "staff/school", isAllowed: true),
        Writing(person: .deputyHead, address: "students/grade_level/7", isAllowed: true),
        Writing(person: .deputyHead, address: "staff/role/teacher", isAllowed: true),
        Writing(person: .classTeacher, address: families, isAllowed: true),
        Writing(person: .classTeacher, address: "staff/class/\(RuleKey.class7.uuid)", isAllowed: true),
        Writing(person: .classTeacher, address: "students/group/\(RuleKey.englishPart.uuid)", isAllowed: true),
        Writing(person: .classTeacher, address: "guardians/class/\(RuleKey.class1.uuid)", isAllowed: false),
        Writing(person: .classTeacher, address: "guardians/group/\(RuleKey.choirGroup.uuid)", isAllowed: false),
        Writing(person: .classTeacher, address: "guardians/grade_level/7", isAllowed: false),
        Writing(person: .classTeacher, address: "guardians/school", isAllowed: false),
        Writing(person: .teacher, address: "guardians/group/\(RuleKey.class7.uuid)", isAllowed: true),
        Writing(person: .teacher, address: families, isAllowed: false),
        Writing(person: .teacher, address: "staff/role/teacher", isAllowed: false),
        Writing(person: .formerTeacher, address: "guardians/group/\(RuleKey.class7.uuid)", isAllowed: false),
        Writing(person: .substitute, address: "guardians/group/\(RuleKey.class7.uuid)", isAllowed: false),
        Writing(person: .mother, address: families, isAllowed: false),
        Writing(person: .anna, address: families, isAllowed: false),
    ]

    @Test(arguments: writings) func a4WhoWritesToWhom(_ writing: Writing) throws {
        try become(writing.person)
        #expect(try school.refusal(of: Self.insert([writing.address])) == (writing.isAllowed ? nil : Self.refused))
        // One address too many is enough.
        let both = try school.refusal(of: Self.insert([Self.families, writing.address]))
        if !writing.isAllowed { #expect(both == Self.refused) }
    }

    @Test func a4TheRightToWriteEndsWithThePost() throws {
        try become(.classTeacher)
        try school.run(Self.insert([Self.families]))
        #expect(try school.refusal(of: Self.change("text = 'В пятницу'")) == nil)
        try become(.deputyHead)
        try school.run("UPDATE class_teachers SET ends_on = '2026-10-15' WHERE id = \(RuleKey(703))")
        try become(.classTeacher)
        #expect(try school.refusal(of: Self.change("text = 'В пятницу'")) == nil)
        try school.today("2026-10-16")
        #expect(try school.refusal(of: Self.change("text = 'В пятницу'")) == Self.refused)
        #expect(try school.refusal(of: Self.insert([Self.families], id: .other)) == Self.refused)
    }

    @Test func a4OnlyTheAuthorChangesAndHeadsWithdraw() throws {
        try become(.classTeacher)
        try school.run(Self.insert([Self.families]))
        let foreign = SQLRefusal("LYU03", "not_your_announcement")
        for person in [RuleKey.teacher, .mother] {
            try become(person)
            #expect(try school.refusal(of: Self.change("text = 'Иное'")) == foreign)
            #expect(try school.refusal(of: Self.change("withdrawn_at = now()")) == foreign)
        }
        try become(.deputyHead)
        #expect(try school.refusal(of: Self.change("text = 'Иное'")) == foreign)
        #expect(
            try school.refusal(of: Self.change("author_id = \(RuleKey.deputyHead)"))
                == SQLRefusal("LYL02", "not_movable"))
        try school.run(Self.change("withdrawn_at = now()"))
        try become(.classTeacher)
        #expect(
            try school.refusal(of: Self.change("withdrawn_at = NULL"))
                == SQLRefusal("LYU01", "announcement_withdrawn"))
    }

    @Test func nobodyWritesInAnothersName() throws {
        try become(.deputyHead)
        let other = """
            INSERT INTO announcements (school_id, id, author_id, title, text, audience)
                VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.classTeacher), 'Т', 'Т', '{\(Self.families)}')
            """
        #expect(try school.refusal(of: other) == SQLRefusal("LYU03", "not_your_announcement"))
    }

    @Test(arguments: [
        ("{}", "announcements_audience"), ("{parents/school}", "announcements_audience"),
        ("{staff/role/guardian}", "announcements_audience"), ("{guardians/grade_level/12}", "announcements_audience"),
        ("{guardians/class/\(RuleKey(99).uuid)}", "announcements_audience_fkey"),
        ("{students/group/\(RuleKey(99).uuid)}", "announcements_audience_fkey"),
    ])
    func audiencesAreAddresses(_ audience: String, _ constraint: String) throws {
        try become(.deputyHead)
        let state = constraint.hasSuffix("fkey") ? "23503" : "23514"
        #expect(
            try school.refusal(of: Self.insert([String(audience.dropFirst().dropLast())]))
                == SQLRefusal(state, constraint))
    }

    // MARK: A3, C2: whom they reach

    /// The two directions agree: from a person, and from an audience.
    @Test func c2ThePersonIsReachedByTheAudienceThatReachesThePerson() throws {
        try become(.deputyHead)
        let class7 = RuleKey.class7.uuid
        let audiences = [
            ["guardians/school"], ["students/school"], ["staff/school"],
            ["guardians/grade_level/7", "students/class/\(class7)"],
            ["staff/class/\(class7)", "staff/role/class_teacher"], ["guardians/group/\(RuleKey.englishPart.uuid)"],
            ["students/group/\(RuleKey.choirGroup.uuid)", "staff/grade_level/7"],
            ["students/group/\(RuleKey.homeGroup.uuid)", "staff/group/\(class7)"], ["staff/role/deputy_head"],
        ]
        for (number, audience) in audiences.enumerated() {
            try school.run(Self.insert(audience, id: RuleKey(9200 + number)))
        }
        let fromPeople = """
            SELECT a.id, u.id AS person, split_part(d.address, '/', 1) AS member, d.student_id
            FROM announcements a
            CROSS JOIN users u
            CROSS JOIN LATERAL lyceum.addresses(u.school_id, u.id) d
            WHERE a.school_id = \(RuleSchool.school) AND u.school_id = \(RuleSchool.school) AND d.address = ANY (a.audience)
            """
        let fromAudiences = """
            SELECT a.id, r.person_id, r.member, r.student_id
            FROM announcements a
            CROSS JOIN LATERAL lyceum.reached_by(a.school_id, a.audience) r
            WHERE a.school_id = \(RuleSchool.school)
            """
        #expect(try school.rows("(\(fromPeople)) EXCEPT (\(fromAudiences))") == [])
        #expect(try school.rows("(\(fromAudiences)) EXCEPT (\(fromPeople))") == [])
        let counts = try school.values(
            "SELECT count(DISTINCT x.person_id) FROM (\(fromAudiences)) x GROUP BY x.id ORDER BY x.id")
        // Guardians of anna, vera and the second grader; students in a class; staff with a post or a role; …
        #expect(counts == ["3", "7", "3", "7", "2", "2", "3", "2", "1"])
    }

    @Test func a3WhatEndsWithTheGuardianshipEndsAtOnce() throws {
        try become(.classTeacher)
        try school.run(Self.insert([Self.families]))
        func reached() throws -> [String?] {
            try school.values(
                """
                SELECT right(r.person_id::text, 3) FROM announcements a
                CROSS JOIN LATERAL lyceum.reached_by(a.school_id, a.audience) r
                WHERE a.school_id = \(RuleSchool.school) ORDER BY 1
                """)
        }
        #expect(try reached() == ["301", "302", "304"])
        try become(.deputyHead)
        try school.run("UPDATE guardianships SET ends_on = '2026-10-14' WHERE guardian_id = \(RuleKey.father)")
        #expect(try reached() == ["301", "304"])
        // A newcomer is reached by what still runs.
        try school.run(
            """
            INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, starts_on) VALUES
                (\(RuleSchool.school), \(RuleKey(9110)), \(RuleKey.father), \(RuleKey.vera), 'father', '2026-10-15')
            """)
        #expect(try reached() == ["301", "302", "304"])
    }

    // MARK: C2: receipts

    @Test func c2NobodyForgesTheReceiptOfAnother() throws {
        try become(.classTeacher)
        try school.run(Self.insert([Self.families], asks: true))
        let refused = SQLRefusal("LYU05", "not_found")
        try become(.mother)
        #expect(try school.refusal(of: Self.receipt(of: .father)) == refused)
        #expect(try school.refusal(of: Self.receipt(of: .mother)) == nil)
        for person in [RuleKey.anna, .grandmother, .teacher, .classTeacher] {
            try become(person)
            #expect(try school.refusal(of: Self.receipt(of: person)) == refused)
        }
        try become(.father)
        try school.run(Self.receipt(of: .father))
        try become(.mother)
        let acknowledge = "UPDATE announcement_receipts SET acknowledged_at = now() WHERE person_id = \(RuleKey.father)"
        #expect(try school.refusal(of: acknowledge) == refused)
        #expect(try school.refusal(of: "UPDATE announcement_receipts SET read_at = now()") == .noPrivilege)
        #expect(try school.refusal(of: "DELETE FROM announcement_receipts") == .noPrivilege)
        try school.set("user_id", to: "")
        #expect(try school.refusal(of: Self.receipt(of: .uncle)) == refused)
    }

    @Test func c2OnlyThePresentTextIsAcknowledgedAndOnlyIfThatIsAskedFor() throws {
        let nothing = SQLRefusal("LYU06", "nothing_to_acknowledge")
        try become(.classTeacher)
        try school.run(Self.insert([Self.families]))
        try become(.mother)
        #expect(try school.refusal(of: Self.receipt(of: .mother, acknowledged: true)) == nothing)
        try become(.classTeacher)
        try school.run(Self.change("asks_acknowledgement = true"))
        try school.run(Self.change("title = 'Собрание класса'"))
        #expect(try school.rows("SELECT text_version, version FROM announcements") == [["2", "3"]])
        #expect(
            try school.refusal(of: Self.change("text_version = 9")) == .versionNotWritable)
        try become(.mother)
        #expect(try school.refusal(of: Self.receipt(of: .mother, version: 1)) == nothing)
        #expect(try school.refusal(of: Self.receipt(of: .mother, version: 2, acknowledged: true)) == nil)
    }

    /// By hand: of the guardians with access of classes 7 and 2, the mother has read it, the uncle has an account, the
    /// father has none. The mother counts once, although she has a child in each class.
    @Test func c2ReachedAndNotReachedAreAllGuardiansWithAccess() throws {
        try school.become(.owner)
        try school.run(
            """
            UPDATE users SET state = 'active', login = 'u' || right(id::text, 3), password_hash = 'x'
            WHERE school_id = \(RuleSchool.school) AND id IN (\(RuleKey.mother), \(RuleKey.uncle), \(RuleKey.grandmother))
            """)
        try school.become(.server)
        try become(.deputyHead)
        try school.run(Self.insert([Self.families, "guardians/class/\(RuleKey.class2.uuid)"], asks: true))
        func readers(_ classes: String = "NULL") throws -> [[String?]] {
            try school.rows(
                """
                SELECT state, count(DISTINCT person_id), count(*)
                FROM lyceum.announcement_readers(\(RuleSchool.school), \(RuleKey.new), \(classes)) GROUP BY state ORDER BY state
                """)
        }
        #expect(try readers() == [["unreachable", "1", "1"], ["unread", "2", "3"]])
        try become(.mother)
        try school.run(Self.receipt(of: .mother))
        #expect(try readers() == [["read", "1", "2"], ["unreachable", "1", "1"], ["unread", "1", "1"]])
        try school.run("UPDATE announcement_receipts SET acknowledged_at = now()")
        #expect(try readers() == [["acknowledged", "1", "2"], ["unreachable", "1", "1"], ["unread", "1", "1"]])
        #expect(try readers("ARRAY[\(RuleKey.class2)]") == [["acknowledged", "1", "1"]])
        // A changed text asks anew; she has read only the former one.
        try become(.deputyHead)
        try school.run(Self.change("text = 'В пятницу'"))
        #expect(try readers() == [["unreachable", "1", "1"], ["unread", "2", "3"]])
    }

    // MARK: C3: notifications

    @Test func c3EachPersonIsToldOnceAndNotTheAuthor() throws {
        try become(.deputyHead)
        let all = [
            "guardians/class/\(RuleKey.class2.uuid)", Self.families, "students/class/\(RuleKey.class7.uuid)",
            "staff/school",
        ]
        try school.run(Self.insert(all))
        // The mother through one of her children, the class teacher and the teacher as staff, the students of class 7.
        #expect(
            try told() == [
                "102 -", "105 -", "201 201", "202 202", "203 203", "204 204", "301 201", "302 201", "304 203",
            ])
    }

    @Test func c3WhatIsForGuardiansIsNotToldToTheStudent() throws {
        try become(.classTeacher)
        try school.run(Self.insert([Self.families]))
        #expect(try told() == ["301 201", "302 201", "304 203"])
        let reached = """
            SELECT right(t::text, 3) FROM notifications n
            CROSS JOIN LATERAL lyceum.told(n.school_id, n.person_id, n.student_id) t ORDER BY 1
            """
        #expect(try school.values(reached) == ["301", "302", "304"])
        // A3: and not to the father when his rights have ended.
        try become(.deputyHead)
        try school.run(
            "UPDATE guardianships SET access = 'none', basis = 'Решение суда' WHERE guardian_id = \(RuleKey.father)")
        #expect(try school.values(reached) == ["301", "304"])
    }

    @Test func c3AWiderAudienceIsToldToTheOthersAndANewTextOnlyIfItAsks() throws {
        try become(.deputyHead)
        try school.run(Self.insert(["guardians/class/\(RuleKey.class2.uuid)"]))
        #expect(try told().count == 1)
        try school.run(Self.change("audience = '{\(Self.families),guardians/class/\(RuleKey.class2.uuid)}'"))
        #expect(try told().count == 3)
        try school.run(Self.change("text = 'В пятницу'"))
        #expect(try told().count == 3)
        try toldBefore("2 hours")
        try school.run(Self.change("asks_acknowledgement = true"))
        #expect(try told().count == 6)
        try toldBefore("2 hours")
        try school.run(Self.change("text = 'В субботу', is_pinned = true"))
        #expect(try told().count == 9)
        try toldBefore("2 hours")
        try school.run(Self.change("is_pinned = false"))
        #expect(try told().count == 9)
    }

    private func toldBefore(_ interval: String) throws {
        try school.run(
            """
            RESET ROLE;
            UPDATE notifications SET created_at = created_at - interval '\(interval)';
            """)
        try school.become(.server)
    }

    /// Changes within an hour are gathered: one notification tells of the last of them.
    @Test func c3ChangedTextsAreToldOnceAnHour() throws {
        try become(.deputyHead)
        try school.run(Self.insert(["guardians/class/\(RuleKey.class2.uuid)"], asks: true))
        func due() throws -> [String?] {
            try school.values("SELECT due_at - now() FROM pending WHERE kind = 'tell_announcement'")
        }
        try toldBefore("20 minutes")
        for text in ["В пятницу", "В субботу", "В воскресенье"] { try school.run(Self.change("text = '\(text)'")) }
        #expect(try told().count == 1)
        #expect(try due() == ["00:40:00"])
        // Whom the announcement did not reach before is told at once.
        try school.run(Self.change("audience = '{\(Self.families),guardians/class/\(RuleKey.class2.uuid)}'"))
        #expect(try told().count == 3)
        #expect(try due() == ["00:40:00"])
        try school.run("SELECT lyceum.tell_announcement_again(\(RuleKey.new))")
        #expect(try told().count == 4, "those who know the present text already are not told again")
        try school.run("DELETE FROM pending WHERE kind = 'tell_announcement'")
        try school.run(Self.change("text = 'В понедельник'"))
        #expect(try told().count == 4)
        #expect(try due() == ["01:00:00"])
        // A withdrawn one is not told.
        try school.run(Self.change("withdrawn_at = now()"))
        try school.run("SELECT lyceum.tell_announcement_again(\(RuleKey.new))")
        #expect(try told().count == 4)
    }

    /// To ask for acknowledgements, or not to ask any more, is no new text.
    @Test func c3ToAskOrNotToAskTellsNobodyAgain() throws {
        try become(.deputyHead)
        try school.run(Self.insert(["guardians/class/\(RuleKey.class2.uuid)"], asks: true))
        #expect(try told().count == 1)
        for asks in [false, true, false] {
            try school.run(Self.change("asks_acknowledgement = \(asks)"))
            #expect(try told().count == 1, "\(asks)")
        }
    }

    @Test func c3AWithdrawnAnnouncementClosesItsNotifications() throws {
        try become(.classTeacher)
        try school.run(Self.insert([Self.families]))
        #expect(try school.value("SELECT count(*) FROM notifications WHERE closed_at IS NULL") == "3")
        try school.run(Self.change("withdrawn_at = now()"))
        #expect(try school.value("SELECT count(*) FROM notifications WHERE closed_at IS NULL") == "0")
    }

    @Test func c3ALaterAnnouncementIsToldWhenItsBeginningComes() throws {
        try become(.classTeacher)
        try school.run(Self.insert([Self.families], starts: "now() + interval '1 day'"))
        #expect(try told() == [])
        func due() throws -> String? {
            try school.value("SELECT due_at - now() FROM pending WHERE kind = 'begin_announcement'")
        }
        #expect(try due() == "1 day")
        try school.run(Self.change("starts_at = now() + interval '2 days'"))
        #expect(try due() == "2 days")
        // Too early: the piece of work was taken before the beginning was moved.
        try school.run("SELECT lyceum.begin_announcement(\(RuleKey.new))")
        #expect(try told() == [])
        try school.run(Self.change("starts_at = now()"))
        #expect(try told().count == 3)
        #expect(
            try school.refusal(of: Self.change("starts_at = now() + interval '1 day'"))
                == SQLRefusal("LYU02", "announcement_started"))
        // Again, by a piece that is left over: nobody is told twice.
        try school.run("SELECT lyceum.begin_announcement(\(RuleKey.new))")
        #expect(try told().count == 3)
    }

    @Test func anAnnouncementIsShownForAYearAtMost() throws {
        try become(.classTeacher)
        for (ends, constraint) in [
            ("now()", "announcements_dates"), ("now() + interval '367 days'", "announcements_length"),
        ] {
            #expect(try school.refusal(of: Self.insert([Self.families], ends: ends)) == .check(constraint))
        }
        #expect(try school.value("SELECT lyceum.is_running(now() - interval '365 days', NULL)") == "t")
        #expect(try school.value("SELECT lyceum.is_running(now() - interval '367 days', NULL)") == "f")
        #expect(try school.value("SELECT lyceum.is_running(now() - interval '1 hour', now())") == "f")
    }

    // MARK: K1

    @Test func k1RecentAnnouncementsAreNotDeleted() throws {
        try become(.classTeacher)
        try school.run(Self.insert([Self.families]))
        #expect(try school.affected(by: "DELETE FROM announcements") == 0)
    }

    // MARK: A5

    @Test func a5EveryVersionIsInTheAuditLog() throws {
        try become(.classTeacher)
        try school.run(Self.insert([Self.families]))
        try school.run(Self.change("text = 'В пятницу', audience = '{students/class/\(RuleKey.class7.uuid)}'"))
        #expect(
            try school.rows(
                """
                SELECT action, before ->> 'text', after ->> 'text', after -> 'audience' ->> 0, right(changed_by::text, 3)
                FROM audit_log WHERE entity = 'announcements' ORDER BY id
                """) == [
                    ["insert", nil, "В четверг", Self.families, "105"],
                    ["update", "В четверг", "В пятницу", "students/class/\(RuleKey.class7.uuid)", "105"],
                ])
    }
}
