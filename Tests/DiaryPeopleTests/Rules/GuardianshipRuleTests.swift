import DiaryTestSupport
import Testing

/// A3, on the table, so that no way passes by: nobody writes a guardianship of their own, and access that was closed is
/// opened by a head or deputy head who names the document.
@Suite struct GuardianshipRuleTests {
    let school: RuleSchool

    static let own = SQLRefusal("LYA06", "own_guardianship")
    static let closed = SQLRefusal("LYA07", "access_closed")
    static let basis = SQLRefusal("LYA07", "basis_required")

    init() throws {
        school = try RuleSchool()
        // The teacher, the deputy head and the substitute are parents too.
        try school.run(
            """
            INSERT INTO guardians (school_id, id) SELECT school_id, id FROM staff WHERE school_id = lyceum.current_school();
            INSERT INTO user_roles (school_id, user_id, role) VALUES
                (lyceum.current_school(), \(RuleKey.teacher), 'teacher'),
                (lyceum.current_school(), \(RuleKey.substitute), 'administrator'),
                (lyceum.current_school(), \(RuleKey.formerTeacher), 'head'),
                (lyceum.current_school(), \(RuleKey.deputyHead), 'deputy_head') ON CONFLICT DO NOTHING;
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on) VALUES
                (lyceum.current_school(), \(RuleKey(9101)), \(RuleKey.class7), \(RuleKey.teacher), '2026-09-01');
            """)
    }

    private func act(as user: RuleKey?) throws { try school.set("user_id", to: user?.uuid ?? "") }

    /// As somebody else has written it.
    private func given(
        _ guardian: RuleKey, access: String = "full", from starts: String = "2026-09-01", to ends: String? = nil,
        basis: String? = nil, id: RuleKey = .new
    ) throws {
        try school.become(.owner)
        try act(as: nil)
        try school.run(RuleSchool.guardianship(guardian, access: access, from: starts, to: ends, id: id))
        if let basis { try school.run(RuleSchool.update("guardianships", id, "basis = '\(basis)'")) }
        try school.become(.server)
    }

    // MARK: Their own

    static let staff: [RuleKey] = [.teacher, .substitute, .formerTeacher, .deputyHead]

    @Test(arguments: staff) func a3NobodyMakesAGuardianshipOfTheirOwn(_ person: RuleKey) throws {
        try act(as: person)
        for access in ["full", "none"] {
            let made = RuleSchool.guardianship(person, access: access, from: "2026-09-01")
            #expect(try school.refusal(of: made) == Self.own)
        }
        #expect(try school.refusal(of: RuleSchool.guardianship(.mother, from: "2026-09-01")) == nil)
    }

    @Test(arguments: staff) func a3NobodyChangesOrDeletesAGuardianshipOfTheirOwn(_ person: RuleKey) throws {
        try given(person, access: "none")
        try act(as: person)
        for change in [
            "access = 'full'", "access = 'full', basis = 'Решение суда'", "ends_on = '2026-10-14'", "basis = 'x'",
            "starts_on = '2026-10-16'", "guardian_id = \(RuleKey.mother)",
        ] {
            #expect(try school.refusal(of: RuleSchool.update("guardianships", .new, change)) == Self.own, "\(change)")
        }
        #expect(try school.refusal(of: "DELETE FROM guardianships WHERE id = \(RuleKey.new);") == Self.own)
        let upsert = RuleSchool.guardianship(person, from: "2026-09-01").replacing(
            ";", with: " ON CONFLICT (school_id, id) DO UPDATE SET access = 'full';")
        #expect(try school.refusal(of: upsert) == Self.own)
    }

    /// The row of another guardian is not turned into their own.
    @Test func a3AGuardianshipNeverChangesItsPair() throws {
        try given(.mother)
        for person in [RuleKey.teacher, .deputyHead] {
            try act(as: person)
            let own = RuleSchool.update("guardianships", .new, "guardian_id = \(person)")
            #expect(try school.refusal(of: own) == Self.own)
            for change in ["guardian_id = \(RuleKey.father)", "student_id = \(RuleKey.boris)"] {
                let moved = RuleSchool.update("guardianships", .new, change)
                #expect(try school.refusal(of: moved) == SQLRefusal("LYL02", "not_movable"), "\(change)")
            }
        }
    }

    /// A program that nobody answers for, made by an administrator who is a parent.
    @Test func a3AnIntegrationTiesNoStaff() throws {
        try act(as: nil)
        try school.set("client_id", to: RuleKey.other.uuid)
        #expect(try school.refusal(of: RuleSchool.guardianship(.substitute, from: "2026-09-01")) == Self.own)
        #expect(try school.refusal(of: RuleSchool.guardianship(.mother, from: "2026-09-01")) == nil)
    }

    @Test func a3TheCommandLineWritesAny() throws {
        try act(as: nil)
        try school.run(RuleSchool.guardianship(.substitute, access: "none", from: "2026-09-01"))
        #expect(try school.refusal(of: RuleSchool.update("guardianships", .new, "access = 'full'")) == nil)
    }

    /// A member of staff needs no role.
    @Test func a3AnIntegrationTiesNoStaffWithoutARole() throws {
        try school.become(.owner)
        try school.run("DELETE FROM user_roles WHERE user_id = \(RuleKey.substitute)")
        try school.become(.server)
        try act(as: nil)
        try school.set("client_id", to: RuleKey.other.uuid)
        let tie = RuleSchool.guardianship(.substitute, from: "2026-09-01")
        #expect(try school.refusal(of: tie) == Self.own)
        // Someone who has left is no staff.
        try school.become(.owner)
        try school.run(RuleSchool.update("staff", .substitute, "left_on = '2026-10-14'"))
        try school.become(.server)
        #expect(try school.refusal(of: tie) == nil)
    }

    // MARK: What was closed

    /// Each way in which a guardian without access could get it.
    static let ways: [(String, String)] = [
        ("access", "UPDATE guardianships SET access = 'full' BASIS WHERE id = \(RuleKey.new)"),
        ("last day", "UPDATE guardianships SET ends_on = '2026-10-14' BASIS WHERE id = \(RuleKey.new)"),
        ("first day", "UPDATE guardianships SET starts_on = '2026-10-16' BASIS WHERE id = \(RuleKey.new)"),
        (
            "one more after it",
            """
            INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, starts_on, basis)
            VALUES (lyceum.current_school(), \(RuleKey.other), \(RuleKey.mother), \(RuleKey.anna), 'mother', '2027-01-01',
                PAPER)
            """
        ),
        (
            "one more before it",
            """
            INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, starts_on, ends_on, basis)
            VALUES (lyceum.current_school(), \(RuleKey.other), \(RuleKey.mother), \(RuleKey.anna), 'mother', '2026-01-01',
                '2026-08-31', PAPER)
            """
        ),
        (
            "the days of an open one",
            "UPDATE guardianships SET starts_on = '2025-09-01' BASIS WHERE id = \(RuleKey(9003))"
        ),
    ]

    private func statement(_ way: String, basis: String?) -> String {
        way.replacing("BASIS", with: basis.map { ", basis = '\($0)'" } ?? "")
            .replacing("PAPER", with: basis.map { "'\($0)'" } ?? "NULL") + ";"
    }

    @Test(arguments: ways) func a3ClosedAccessIsOpenedByAHeadWithADocument(_ name: String, _ way: String) throws {
        try given(.mother, access: "none", to: "2026-12-31", basis: "Решение суда 12")
        try given(.mother, from: "2025-12-01", to: "2025-12-31", id: RuleKey(9003))
        for person in [RuleKey.teacher, .substitute] {
            try act(as: person)
            for basis in [nil, "Решение суда 15"] {
                #expect(try school.refusal(of: statement(way, basis: basis)) == Self.closed, "\(name)")
            }
        }
        try act(as: nil)
        try school.set("client_id", to: RuleKey(9102).uuid)
        #expect(try school.refusal(of: statement(way, basis: "Решение суда 15")) == Self.closed)
        try school.set("client_id", to: "")
        for person in [RuleKey.formerTeacher, .deputyHead] {
            try act(as: person)
            for basis in [nil, " ", "Решение суда 12"] {
                #expect(try school.refusal(of: statement(way, basis: basis)) == Self.basis, "\(name) \(basis ?? "")")
            }
            #expect(try school.refusal(of: statement(way, basis: "Решение суда 15")) == nil, "\(name)")
        }
        try school.run(statement(way, basis: "Решение суда 15"))
        let recorded = try school.rows(
            """
            SELECT changed_by, after ->> 'basis' FROM audit_log
            WHERE school_id = lyceum.current_school() AND entity = 'guardianships' ORDER BY id DESC LIMIT 1
            """)
        #expect(recorded == [[RuleKey.deputyHead.uuid, "Решение суда 15"]])
    }

    /// Else nothing would tell the next one that there was a limit. A row that was made by mistake is opened first,
    /// with a document.
    @Test func a3AClosedGuardianshipIsNotDeleted() throws {
        try given(.mother, access: "none")
        for person in [RuleKey.teacher, .substitute, .deputyHead] {
            try act(as: person)
            #expect(try school.refusal(of: "DELETE FROM guardianships WHERE id = \(RuleKey.new);") == Self.closed)
        }
        let opened = RuleSchool.update("guardianships", .new, "access = 'full', basis = 'Ошибка, приказ 4'")
        #expect(try school.refusal(of: opened + "DELETE FROM guardianships WHERE id = \(RuleKey.new);") == nil)
    }

    /// What closes, and what leaves closed days closed, is anybody's who keeps the pupil.
    @Test func a3ClosingIsNeverHeldUp() throws {
        try given(.mother)
        try given(.father, access: "none", from: "2026-09-01", to: "2026-12-31", id: .other)
        try act(as: .teacher)
        for (id, change) in [
            (RuleKey.new, "access = 'none'"), (.new, "ends_on = '2026-10-14'"), (.other, "ends_on = NULL"),
            (.other, "starts_on = '2026-08-01'"), (.other, "relation = 'legal_guardian'"), (.other, "basis = 'x'"),
        ] {
            #expect(try school.refusal(of: RuleSchool.update("guardianships", id, change)) == nil, "\(change)")
        }
        #expect(try school.refusal(of: "DELETE FROM guardianships WHERE id = \(RuleKey.new);") == nil)
    }

    /// The rule must not ask for the days of a row that a check refuses.
    @Test func a3AnEndBeforeTheStartIsRefusedByTheCheck() throws {
        try given(.mother)
        try given(.father, access: "none", to: "2026-12-31", id: .other)
        for person in [RuleKey.teacher, .deputyHead] {
            try act(as: person)
            for id in [RuleKey.new, .other] {
                let change = RuleSchool.update("guardianships", id, "ends_on = '2001-01-01'")
                #expect(try school.refusal(of: change) == .check("guardianships_dates"))
            }
        }
    }

    // MARK: The document

    static let sameDocument = ["Решение суда 12 ", " решение  СУДА 12", "Решение\tсуда 12", "Решение суда\u{a0}12"]

    @Test(arguments: sameDocument) func a3TheDocumentThatClosedIsKnownInAnySpelling(_ basis: String) throws {
        try given(.mother, access: "none", to: "2026-12-31", basis: "Решение суда 12")
        try given(.mother, from: "2025-12-01", to: "2025-12-31", id: RuleKey(9003))
        try act(as: .deputyHead)
        for (name, way) in Self.ways {
            #expect(try school.refusal(of: statement(way, basis: basis)) == Self.basis, "\(name)")
        }
    }

    /// Else the next head would take the old document for a new one.
    @Test func a3OnlyHeadsChangeTheDocumentThatClosed() throws {
        try given(.mother, access: "none", basis: "Решение суда 12")
        let changes = ["basis = NULL", "basis = ' '", "basis = 'Решение суда 15'"]
        for person in [RuleKey.teacher, .substitute] {
            try act(as: person)
            for change in changes {
                #expect(
                    try school.refusal(of: RuleSchool.update("guardianships", .new, change)) == Self.closed, "\(change)"
                )
            }
            let relation = RuleSchool.update("guardianships", .new, "relation = 'father', basis = 'Решение  суда 12'")
            #expect(try school.refusal(of: relation) == nil)
        }
        for person in [RuleKey.formerTeacher, .deputyHead] {
            try act(as: person)
            for change in changes {
                #expect(try school.refusal(of: RuleSchool.update("guardianships", .new, change)) == nil, "\(change)")
            }
        }
    }
}
