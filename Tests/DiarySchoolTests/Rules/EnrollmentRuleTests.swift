import DiaryTestSupport
import Testing

/// Classes and their groups, class teachers, terms: the basis of the other rules.
@Suite struct EnrollmentRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    /// The student's days in a group.
    private func days(_ pupil: RuleKey, in group: RuleKey) throws -> [String?] {
        try school.values(
            """
            SELECT starts_on || '/' || coalesce(ends_on::text, '..') FROM group_members
            WHERE student_id = \(pupil) AND group_id = \(group) ORDER BY starts_on
            """)
    }

    private static func enroll(
        _ pupil: RuleKey, in group: RuleKey, from starts: String, alone: Bool = false, id: RuleKey = .new
    ) -> String {
        """
        INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on, in_class_group)
            VALUES (lyceum.current_school(), \(id), \(pupil), \(group), '\(starts)', \(!alone));
        """
    }

    // MARK: The group of a class

    @Test func classHasItsOwnGroup() throws {
        let group = "SELECT kind || ' ' || name || ' ' || grade_level FROM groups WHERE id = \(RuleKey.class7)"
        #expect(try school.value(group) == "class 7А 7")
        try school.run(RuleSchool.update("classes", .class7, "name = '7Г', letter = 'Г'"))
        #expect(try school.value(group) == "class 7Г 7")
    }

    @Test func deletedClassDeletesItsGroup() throws {
        try school.run(
            """
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
                VALUES (lyceum.current_school(), \(RuleKey.new), \(RuleKey.year), 5, 'А', '5А')
            """)
        #expect(try school.value("SELECT count(*) FROM groups WHERE id = \(RuleKey.new)") == "1")
        try school.run("DELETE FROM classes WHERE id = \(RuleKey.new)")
        #expect(try school.value("SELECT count(*) FROM groups WHERE id = \(RuleKey.new)") == "0")
    }

    @Test func enrollmentMakesAMemberOfTheClassesGroup() throws {
        #expect(try days(.anna, in: .class7) == ["2026-09-01/.."])
        #expect(try days(.leaver, in: .class7) == ["2026-09-01/2026-10-10"])
        #expect(try days(.homePupil, in: .class7) == [])
        try school.run(Self.enroll(.newcomer, in: .class7, from: "2026-10-15"))
        #expect(try days(.newcomer, in: .class7) == ["2026-10-15/.."])
    }

    @Test func membershipFollowsTheEnrollment() throws {
        let change = { (assignments: String) in
            RuleSchool.update("enrollments", RuleSchool.enrollment(.vera), assignments)
        }
        try school.run(change("starts_on = '2026-09-03', ends_on = '2026-12-31'"))
        #expect(try days(.vera, in: .class7) == ["2026-09-03/2026-12-31"])
        try school.run(change("ends_on = NULL"))
        #expect(try days(.vera, in: .class7) == ["2026-09-03/.."])
        try school.run(change("in_class_group = false"))
        #expect(try days(.vera, in: .class7) == [])
        try school.run(change("in_class_group = true"))
        #expect(try days(.vera, in: .class7) == ["2026-09-03/.."])
        try school.run("DELETE FROM enrollments WHERE id = \(RuleSchool.enrollment(.vera))")
        #expect(try days(.vera, in: .class7) == [])
    }

    @Test func leavingTheClassEndsMembershipsInItsPartsOnly() throws {
        try school.run(RuleSchool.member(.boris, of: .englishPart, from: "2026-11-02"))
        for pupil in [RuleKey.anna, .boris] {
            try school.run(
                RuleSchool.update("enrollments", RuleSchool.enrollment(pupil), "ends_on = '2026-10-14'"))
        }
        #expect(try days(.anna, in: .englishPart) == ["2026-09-01/2026-10-14"])
        #expect(try days(.boris, in: .englishPart) == [])
        #expect(try days(.boris, in: .choirGroup) == ["2026-09-01/.."])
    }

    @Test func groupOfAClassChangesOnlyThroughEnrollments() throws {
        let refusal = SQLRefusal("LYE01", "class_group_follows_enrollments")
        let anna = RuleSchool.enrollment(.anna)
        let table: [(String, SQLRefusal?)] = [
            (RuleSchool.member(.newcomer, of: .class7, from: "2026-10-15"), refusal),
            (RuleSchool.member(.newcomer, of: .choirGroup, from: "2026-10-15"), nil),
            (RuleSchool.update("group_members", anna, "ends_on = '2026-12-31'"), refusal),
            (RuleSchool.update("group_members", RuleSchool.membership(.anna), "ends_on = '2026-12-31'"), nil),
            ("DELETE FROM group_members WHERE id = \(anna)", refusal),
            ("DELETE FROM group_members WHERE id = \(RuleSchool.membership(.anna))", nil),
        ]
        for (statement, wanted) in table {
            #expect(try school.refusal(of: statement) == wanted, "\(statement)")
        }
    }

    @Test(arguments: [
        ("enrollments", RuleSchool.enrollment(.anna), "class_id = \(RuleKey.class2)", "enrollment_not_movable"),
        ("enrollments", RuleSchool.enrollment(.anna), "student_id = \(RuleKey.newcomer)", "enrollment_not_movable"),
        ("group_members", RuleSchool.membership(.anna), "group_id = \(RuleKey.homeGroup)", "not_movable"),
        ("group_members", RuleSchool.membership(.anna), "student_id = \(RuleKey.vera)", "not_movable"),
    ])
    func studentAndClassOfAnEnrollmentAreFixed(_ table: String, _ id: RuleKey, _ change: String, _ word: String) throws
    {
        #expect(try school.refusal(of: RuleSchool.update(table, id, change)) == SQLRefusal("LYE01", word))
    }

    @Test(arguments: [
        (RuleKey.class2, "2026-10-10", SQLRefusal?.some(.overlap("enrollments_no_overlap"))),
        (.class2, "2026-10-11", nil),
        (.class7, "2026-10-10", .overlap("enrollments_no_overlap")), (.class7, "2026-10-15", nil),
    ])
    func studentIsInOneClassAtATime(_ group: RuleKey, _ starts: String, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: Self.enroll(.leaver, in: group, from: starts)) == wanted)
    }

    @Test(arguments: [("2026-09-01", "7"), ("2026-10-10", "7"), ("2026-10-11", nil), ("2026-10-12", "2")])
    func m1GradeLevelIsThatOfTheClassOnTheDate(_ date: String, _ level: String?) throws {
        try school.run(Self.enroll(.leaver, in: .class2, from: "2026-10-12"))
        let answer = try school.value("SELECT lyceum.grade_level_on(\(school.id), \(RuleKey.leaver), '\(date)')")
        #expect(answer == level)
    }

    // MARK: Class teachers

    @Test(arguments: [
        (RuleKey.class7, RuleKey.substitute, "2026-09-30", SQLRefusal?.some(.overlap("class_teachers_one_at_a_time"))),
        (.class7, .teacher, "2026-09-30", .overlap("class_teachers_one_at_a_time")),
        (.class7, .substitute, "2026-10-01", nil),
        (.class2, .teacher, "2026-09-01", nil),
    ])
    func classHasOneClassTeacherAtATime(
        _ group: RuleKey, _ teacher: RuleKey, _ starts: String, _ wanted: SQLRefusal?
    ) throws {
        let appoint = { (id: RuleKey, group: RuleKey, teacher: RuleKey, starts: String, ends: String) in
            """
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on, ends_on)
                VALUES (lyceum.current_school(), \(id), \(group), \(teacher), '\(starts)', \(ends))
            """
        }
        try school.run(appoint(.new, .class7, .teacher, "2026-09-01", "'2026-09-30'"))
        #expect(try school.refusal(of: appoint(.other, group, teacher, starts, "NULL")) == wanted)
    }

    /// A2: class teachers issue credentials, so no program of others appoints one, alone or for a person.
    @Test func a2ProgramsOfOthersAppointNoClassTeacher() throws {
        let appoint = """
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on)
                VALUES (lyceum.current_school(), \(RuleKey.new), \(RuleKey.class2), \(RuleKey.teacher), '2026-09-01');
            """
        let changes = [
            appoint, RuleSchool.update("class_teachers", .other, "ends_on = '2026-12-31'"),
            "DELETE FROM class_teachers WHERE id = \(RuleKey.other);",
        ]
        try school.run(
            appoint.replacing(RuleKey.new.uuid, with: RuleKey.other.uuid)
                .replacing(RuleKey.class2.uuid, with: RuleKey.class7.uuid))
        for change in changes { #expect(try school.refusal(of: change) == nil, "\(change)") }
        try school.set("client_id", to: RuleKey.new.uuid)
        for person in [RuleKey.deputyHead.uuid, ""] {
            try school.set("user_id", to: person)
            for change in changes {
                #expect(try school.refusal(of: change) == SQLRefusal("LYA09", "not_for_programs"), "\(change)")
            }
        }
    }

    // MARK: Terms

    @Test(arguments: [
        ("trimester", "2026-10-24", "2026-11-01", "{9}", SQLRefusal.overlap("terms_no_overlap")),
        ("trimester", "2026-10-25", "2026-11-01", "{9}", nil),
        ("semester", "2026-10-24", "2026-11-01", "{11}", .overlap("terms_no_overlap")),
        ("semester", "2026-12-30", "2027-05-31", "{10,11}", nil),
        ("semester", "2026-12-30", "2027-06-01", "{10,11}", .check("terms_inside_year")),
    ])
    func m4GradeLevelHasOneTermOnADay(
        _ kind: String, _ starts: String, _ ends: String, _ levels: String, _ wanted: SQLRefusal?
    ) throws {
        let term = """
            INSERT INTO terms
                (school_id, id, academic_year_id, kind, ordinal, name, starts_on, ends_on, marks_close_on, grade_levels)
            VALUES (lyceum.current_school(), \(RuleKey.new), \(RuleKey.year), '\(kind)', 2, 'II', '\(starts)', '\(ends)',
                '\(ends)', '\(levels)')
            """
        #expect(try school.refusal(of: term) == wanted)
    }

    @Test(arguments: [("2026-10-24", nil), ("2026-10-23", SQLRefusal.check("terms_marks_close_on"))])
    func m4TermDoesNotCloseBeforeItEnds(_ day: String, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: RuleSchool.update("terms", .quarter1, "marks_close_on = '\(day)'")) == wanted)
    }

    // MARK: Subgroups follow the enrollment (L5)

    private static let inPart =
        "WHERE school_id = lyceum.current_school() AND group_id = \(RuleKey.englishPart) AND student_id = \(RuleKey.boris)"
    private static let enrolled = "WHERE school_id = lyceum.current_school() AND id = \(RuleSchool.enrollment(.boris))"

    @Test func l5AMembershipThatBeganMeanwhileStaysWhenTheEnrollmentContinues() throws {
        try school.run(RuleSchool.member(.boris, of: .englishPart, from: "2026-10-20"))
        try school.run("UPDATE enrollments SET ends_on = '2026-11-30' \(Self.enrolled)")
        #expect(try school.values("SELECT ends_on FROM group_members \(Self.inPart)") == ["2026-11-30"])
        try school.run(RuleSchool.member(.boris, of: .englishPart, from: "2027-03-01", id: RuleKey(9301)))
        try school.run("UPDATE enrollments SET ends_on = NULL \(Self.enrolled)")
        #expect(
            try school.values("SELECT starts_on FROM group_members \(Self.inPart) ORDER BY starts_on")
                == ["2026-10-20", "2027-03-01"])
    }

    @Test func l5AMembershipThatSomebodyDeletedIsNotRestored() throws {
        try school.run(RuleSchool.member(.boris, of: .englishPart, from: "2026-10-20"))
        try school.run("UPDATE enrollments SET ends_on = '2026-11-30' \(Self.enrolled)")
        try school.run("DELETE FROM group_members \(Self.inPart)")
        try school.run("UPDATE enrollments SET ends_on = NULL \(Self.enrolled)")
        #expect(try school.value("SELECT count(*) FROM group_members \(Self.inPart)") == "0")
    }

    /// The membership still exists, on other days than those that the enrollment has saved.
    @Test func l5AMembershipThatSomebodyMovedIsNotRestored() throws {
        try school.run(RuleSchool.member(.boris, of: .englishPart, from: "2026-10-20"))
        try school.run("UPDATE enrollments SET ends_on = '2026-11-30' \(Self.enrolled)")
        try school.run("UPDATE group_members SET starts_on = '2026-09-01', ends_on = '2026-09-30' \(Self.inPart)")
        try school.run("UPDATE enrollments SET ends_on = NULL \(Self.enrolled)")
        #expect(try days(.boris, in: .englishPart) == ["2026-09-01/2026-09-30"])
    }

    /// Older schools have memberships from before the rule. They do not block a change of the enrollment.
    @Test(arguments: ["ends_on = '2026-12-31'", "starts_on = '2026-09-10'"])
    func l5AMembershipThatWasAlwaysOutsideTheClassStopsNothing(_ change: String) throws {
        try school.run(
            """
            RESET ROLE; SET LOCAL session_replication_role = replica;
            INSERT INTO group_members (school_id, id, group_id, student_id, starts_on, ends_on)
                VALUES (\(school.id), \(RuleKey.new), \(RuleKey.englishPart), \(RuleKey.boris), '2026-08-01', '2026-08-31');
            SET LOCAL session_replication_role = origin;
            """)
        try school.enter()
        #expect(
            try school.refusal(of: RuleSchool.update("enrollments", RuleSchool.enrollment(.boris), change)) == nil)
        // New days outside the class are refused all the same.
        #expect(
            try school.refusal(of: RuleSchool.update("group_members", .new, "ends_on = '2026-09-02'")) == Self.outside)
    }

    // MARK: Members of a subgroup are in its class (L5)

    private static let outside = SQLRefusal("LYE05", "not_in_class")
    private static let annaInPart = RuleSchool.membership(.anna)

    private static func part(
        _ pupil: RuleKey, from starts: String, to ends: String? = nil, id: RuleKey = .new
    ) -> String {
        RuleSchool.member(pupil, of: .englishPart, from: starts, id: id)
            + RuleSchool.update("group_members", id, "ends_on = \(ends.map { "'\($0)'" } ?? "NULL")")
    }

    private static func end(_ pupil: RuleKey, on day: String) -> String {
        RuleSchool.update("enrollments", RuleSchool.enrollment(pupil), "ends_on = '\(day)'")
    }

    static let members: [(String, SQLRefusal?)] = [
        (part(.boris, from: "2026-09-01"), nil),
        (part(.homePupil, from: "2026-09-01"), nil),  // enrolled, although not in the class's own group
        (part(.boris, from: "2026-08-31"), outside),
        (part(.secondGrader, from: "2026-09-01"), outside),
        (part(.newcomer, from: "2026-09-01"), outside),
        (part(.leaver, from: "2026-09-01", to: "2026-10-10"), nil),
        (part(.leaver, from: "2026-09-01", to: "2026-10-11"), outside),
        (part(.leaver, from: "2026-09-01"), outside),
        (part(.leaver, from: "2026-11-01"), outside),
        (RuleSchool.update("group_members", annaInPart, "starts_on = '2026-08-31'"), outside),
        (RuleSchool.update("group_members", annaInPart, "starts_on = '2026-09-02'"), nil),
        // A transaction may write the membership before the enrollment.
        (part(.newcomer, from: "2026-10-20") + enroll(.newcomer, in: .class7, from: "2026-10-20", id: .other), nil),
        (part(.newcomer, from: "2026-10-19") + enroll(.newcomer, in: .class7, from: "2026-10-20", id: .other), outside),
        // Adjoining enrollments of the class are one stretch, others are not.
        (
            enroll(.leaver, in: .class7, from: "2026-10-11", alone: true, id: .other)
                + part(.leaver, from: "2026-09-01"),
            nil
        ),
        (enroll(.leaver, in: .class7, from: "2026-10-12", id: .other) + part(.leaver, from: "2026-09-01"), outside),
        (part(.boris, from: "2026-09-01") + end(.boris, on: "2026-12-31"), nil),
        (
            end(.boris, on: "2026-12-31") + part(.boris, from: "2026-09-01", to: "2026-12-31")
                + RuleSchool.update("group_members", .new, "ends_on = '2027-01-01'"), outside
        ),
        (RuleSchool.member(.newcomer, of: .choirGroup, from: "2026-09-01"), nil),
    ]

    @Test(arguments: members) func l5MembersOfASubgroupAreInItsClass(_ statement: String, _ wanted: SQLRefusal?) throws
    {
        #expect(try school.refusal(of: statement) == wanted)
    }

    /// A membership across two adjoining enrollments of the leaver: until 10 October, and from the 11th on.
    static let stretches: [(String, [String])] = [
        ("DELETE FROM enrollments WHERE id = \(RuleKey.other);", ["2026-09-01/2026-10-10"]),
        (RuleSchool.update("enrollments", .other, "ends_on = '2026-12-31'"), ["2026-09-01/2026-12-31"]),
        (RuleSchool.update("enrollments", .other, "starts_on = '2026-10-20'"), ["2026-09-01/2026-10-10"]),
        (RuleSchool.update("enrollments", .other, "in_class_group = true"), ["2026-09-01/.."]),
        (end(.leaver, on: "2026-10-01"), ["2026-09-01/2026-10-01"]),
        ("DELETE FROM enrollments WHERE id = \(RuleSchool.enrollment(.leaver));", ["2026-10-11/.."]),
        (
            RuleSchool.update("enrollments", RuleSchool.enrollment(.leaver), "starts_on = '2026-09-10'"),
            ["2026-09-10/.."]
        ),
        (
            RuleSchool.update("enrollments", .other, "ends_on = '2026-12-31'")
                + RuleSchool.update("enrollments", .other, "ends_on = NULL"), ["2026-09-01/.."]
        ),
    ]

    @Test(arguments: stretches) func l5SubgroupsFollowAdjoiningEnrollments(_ change: String, _ wanted: [String]) throws
    {
        try school.run(
            Self.enroll(.leaver, in: .class7, from: "2026-10-11", alone: true, id: .other)
                + Self.part(.leaver, from: "2026-09-01"))
        try school.run(change + "SET CONSTRAINTS ALL IMMEDIATE;")
        #expect(try days(.leaver, in: .englishPart) == wanted)
    }

    /// The student left and has returned: the end of the first stay does not touch the subgroups of the second.
    @Test func l5TwoStaysInAClassHaveTheirOwnSubgroups() throws {
        try school.run(
            Self.enroll(.leaver, in: .class7, from: "2026-12-01", id: .other) + Self.part(.leaver, from: "2026-12-01"))
        try school.run(Self.end(.leaver, on: "2026-10-01") + "SET CONSTRAINTS ALL IMMEDIATE;")
        #expect(try days(.leaver, in: .englishPart) == ["2026-12-01/.."])
    }

    @Test(arguments: ["kind = 'part', class_id = \(RuleKey.class7)", "kind = 'individual'"])
    func l5KindAndClassOfAGroupNeverChange(_ change: String) throws {
        let refusal = try school.refusal(of: RuleSchool.update("groups", .choirGroup, change))
        #expect(refusal == SQLRefusal("LYL02", "not_movable"))
    }
}
