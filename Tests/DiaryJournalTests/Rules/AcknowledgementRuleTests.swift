import DiaryTestSupport
import Testing

/// C2, A1, A3: who acknowledges what, in the database, as the server's role.
@Suite struct AcknowledgementRuleTests {
    let school: RuleSchool

    init() throws {
        school = try RuleSchool()
        try school.run(
            RuleSchool.mark(.anna, at: .recent)
                + """
                INSERT INTO conduct_notes (school_id, id, student_id, date, kind, text)
                    VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.anna), '2026-10-14', 'remark', 'Опоздала');
                INSERT INTO feedback (school_id, id, student_id, section_id, text)
                    VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.anna), \(RuleKey.maths7), 'Молодец');
                \(RuleSchool.guardianship(.mother, from: "2026-09-01", id: RuleKey(971)))
                \(RuleSchool.guardianship(.father, access: "none", from: "2026-09-01", id: RuleKey(972)))
                \(RuleSchool.guardianship(.grandmother, from: "2026-09-01", to: "2026-10-14", id: RuleKey(973)))
                \(RuleSchool.guardianship(.uncle, of: .boris, from: "2026-09-01", id: RuleKey(974)))
                """)
    }

    private static let notFound = SQLRefusal("LYC03", "not_found")
    private static let stale = SQLRefusal("LYC04", "stale_version")

    private static func mark(_ version: Int) -> String {
        """
        INSERT INTO acknowledgements (school_id, mark_id, student_id, version)
            SELECT school_id, id, \(RuleKey.boris), \(version) FROM marks WHERE school_id = \(RuleSchool.school);
        """
    }
    private static func of(_ table: String, _ column: String) -> String {
        """
        INSERT INTO acknowledgements (school_id, \(column), student_id, version)
            SELECT school_id, id, student_id, version FROM \(table) WHERE school_id = \(RuleSchool.school);
        """
    }

    @Test(arguments: [
        (RuleKey.mother, SQLRefusal?.none), (.father, notFound), (.grandmother, notFound), (.uncle, notFound),
        (.anna, notFound), (.teacher, notFound),
    ])
    func c2OnlyAGuardianWithAccessAcknowledges(_ person: RuleKey, _ wanted: SQLRefusal?) throws {
        try school.set("user_id", to: person.uuid)
        #expect(try school.refusal(of: Self.mark(1)) == wanted)
        #expect(try school.refusal(of: Self.of("feedback", "feedback_id")) == wanted)
        #expect(try school.refusal(of: Self.of("conduct_notes", "conduct_note_id")) == wanted)
    }

    @Test func c2TheDatabaseSaysWhoseTheRecordIs() throws {
        try school.set("user_id", to: RuleKey.mother.uuid)
        try school.run(Self.mark(1))
        #expect(
            try school.rows("SELECT student_id, guardian_id FROM acknowledgements WHERE school_id = \(school.id)")
                == [[RuleKey.anna.uuid, RuleKey.mother.uuid]])
        let forAnother = """
            INSERT INTO acknowledgements (school_id, conduct_note_id, student_id, version, guardian_id)
                VALUES (\(school.id), \(RuleKey.new), \(RuleKey.anna), 1, \(RuleKey.uncle))
            """
        #expect(try school.refusal(of: forAnother) == Self.notFound)
    }

    @Test func c2ALaterChangeNeedsAnother() throws {
        try school.set("user_id", to: RuleKey.mother.uuid)
        #expect(try school.refusal(of: Self.mark(2)) == Self.stale)
        try school.run(Self.mark(1))
        #expect(try school.refusal(of: Self.mark(1)) == .duplicate("acknowledgements_of_mark"))
        try school.run(RuleSchool.change(.anna, at: .recent, to: .number(4)))
        #expect(try school.refusal(of: Self.mark(1)) == Self.stale)
        #expect(try school.refusal(of: Self.mark(2)) == nil)
    }

    @Test func m12WhatIsHeldBackOrDeletedIsNotAcknowledged() throws {
        try school.run(
            """
            UPDATE marks SET published_at = NULL WHERE school_id = \(school.id);
            UPDATE feedback SET published_at = now() + interval '1 hour' WHERE school_id = \(school.id);
            UPDATE conduct_notes SET deleted_at = now() WHERE school_id = \(school.id);
            """)
        try school.set("user_id", to: RuleKey.mother.uuid)
        #expect(try school.refusal(of: Self.mark(2)) == Self.notFound)
        #expect(try school.refusal(of: Self.of("feedback", "feedback_id")) == Self.notFound)
        #expect(try school.refusal(of: Self.of("conduct_notes", "conduct_note_id")) == Self.notFound)
    }

    @Test func c2AnAcknowledgementStays() throws {
        try school.set("user_id", to: RuleKey.mother.uuid)
        try school.run(Self.mark(1))
        let rows = "acknowledgements WHERE school_id = \(school.id)"
        #expect(try school.refusal(of: "DELETE FROM \(rows)")?.word == "privilege")
        #expect(
            try school.refusal(of: "UPDATE acknowledgements SET version = 2 WHERE school_id = \(school.id)")?.word
                == "privilege")
    }
}
