import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// L1 for the week: entries of the timetable that want the same teacher, room or students at one time.
@Suite(.serialized) struct TimetableRuleTests {
    private static let database = Result { try TestDatabase(.migrated) }

    private static let collision = SQLRefusal("LYL03", "timetable_collision")

    /// The second shift.
    private static let second = RuleKey(26)

    /// Two shifts, whose lessons overlap at 13:00.
    private static let bells = """
        INSERT INTO bell_schedules (school_id, id, academic_year_id, name, shift) VALUES
            (lyceum.current_school(), \(second), \(RuleKey.year), 'Вторая смена', 2);
        INSERT INTO bell_slots (school_id, bell_schedule_id, slot, starts_at, ends_at) VALUES
            (lyceum.current_school(), \(RuleKey.bells), 1, '08:00', '08:40'),
            (lyceum.current_school(), \(RuleKey.bells), 2, '08:50', '09:30'),
            (lyceum.current_school(), \(RuleKey.bells), 6, '12:40', '13:20'),
            (lyceum.current_school(), \(second), 1, '13:00', '13:40');
        """

    private static func entry(
        _ section: RuleKey, slot: Int = 1, on weekday: Int = 1, week: String = "every", bells: RuleKey = .bells,
        room: RuleKey? = nil, teacher: RuleKey? = nil, from: String = "2026-09-01", to: String? = nil,
        id: RuleKey = .other
    ) -> String {
        """
        INSERT INTO timetable_entries (school_id, id, section_id, bell_schedule_id, weekday, slot, week, room_id, teacher_id,
            starts_on, ends_on)
        VALUES (lyceum.current_school(), \(id), \(section), \(bells), \(weekday), \(slot), '\(week)',
            \(RuleSchool.sql(room)), \(RuleSchool.sql(teacher)), '\(from)', \(to.map { "'\($0)'" } ?? "NULL"));
        """
    }

    /// Beside maths of 7А on Monday, slot 1, room 101, whose lead from 13 October on is the teacher.
    static let beside: [(String, SQLRefusal?)] = [
        (entry(.english7), collision),  // Anna is in both
        (entry(.maths2, room: .room), collision),
        (entry(.maths2, room: .hall), nil),  // shared
        (entry(.maths2, teacher: .teacher), collision),  // the lead
        (entry(.maths2, teacher: .teacher, from: "2026-09-01", to: "2026-10-12"), nil),  // another lead then
        // The lead until 12 October: these days have passed.
        (entry(.maths2, teacher: .formerTeacher, from: "2026-09-01", to: "2026-10-12"), nil),
        (entry(.maths2, teacher: .substitute), nil),
        (entry(.english7, slot: 2), nil), (entry(.english7, on: 2), nil),
        (entry(.english7, from: "2027-02-01"), nil),  // after the last day of the other
        (entry(.choir), collision),  // across classes: Boris
        (entry(.mathsAtHome), nil),
    ]

    private func school() throws -> RuleSchool {
        let school = try RuleSchool()
        try school.run(
            Self.bells + Self.entry(.maths7, room: .room, to: "2027-01-31", id: .new) + "SET CONSTRAINTS ALL IMMEDIATE")
        return school
    }

    @Test(arguments: beside) func l1EntriesDoNotCollide(_ statement: String, _ wanted: SQLRefusal?) throws {
        #expect(try school().refusal(of: statement) == wanted)
    }

    @Test(arguments: [
        ("odd", "even", SQLRefusal?.none), ("odd", "odd", collision), ("every", "even", collision),
    ])
    func l1OddAndEvenWeeksAreApart(_ one: String, _ other: String, _ wanted: SQLRefusal?) throws {
        let school = try school()
        try school.run(Self.entry(.maths2, slot: 2, week: one, room: .room, id: RuleKey(9003)))
        #expect(try school.refusal(of: Self.entry(.maths1, slot: 2, week: other, room: .room)) == wanted)
    }

    @Test func l1ShiftsOverlapInTime() throws {
        let school = try school()
        try school.run(Self.entry(.maths2, slot: 6, room: .room, id: RuleKey(9003)))
        #expect(try school.refusal(of: Self.entry(.maths1, bells: Self.second, room: .room)) == Self.collision)
    }

    @Test(arguments: [
        ("slot = 1", SQLRefusal?.some(collision)), ("weekday = 2", nil), ("room_id = NULL", nil),
        ("external_id = 'x'", nil),
    ])
    func l1ChangedEntryDoesNotCollide(_ change: String, _ wanted: SQLRefusal?) throws {
        let school = try school()
        try school.run(Self.entry(.english7, slot: 2))
        #expect(try school.refusal(of: RuleSchool.update("timetable_entries", .other, change)) == wanted)
    }

    /// A student who joins both groups makes a collision. The entries can still change elsewhere, and end.
    @Test(arguments: [
        ("ends_on = '2026-12-31'", SQLRefusal?.none), ("room_id = \(RuleKey.hall)", nil),
        ("room_id = \(RuleKey.room)", collision), ("teacher_id = \(RuleKey.substitute)", nil),
        ("teacher_id = \(RuleKey.teacher)", collision), ("week = 'odd'", collision),
        ("starts_on = '2026-08-31'", collision),
        ("section_id = \(RuleKey.maths2)", nil),
    ])
    func l1ChangeOfAnEntryThatCollides(_ change: String, _ wanted: SQLRefusal?) throws {
        let school = try school()
        try school.run(
            Self.entry(.mathsAtHome, teacher: .deputyHead)
                + RuleSchool.member(.anna, of: .homeGroup, from: "2026-10-15"))
        #expect(try school.refusal(of: RuleSchool.update("timetable_entries", .other, change)) == wanted)
    }

    @Test func l1CollisionNamesTheOtherEntry() throws {
        let school = try school()
        let failure = #expect(throws: BlockingConnection.Failure.self) {
            try school.run(Self.entry(.english7, room: .room, teacher: .teacher))
        }
        guard case .array(let collisions)? = try JSONValue(parsing: Array((failure?.detail ?? "").utf8))["collisions"]
        else {
            Issue.record("no list: \(failure?.detail ?? "")")
            return
        }
        #expect(collisions.map { $0["kind"] } == [.string("room"), .string("students"), .string("teacher")])
        #expect(collisions.allSatisfy { $0["other_id"] == .string(RuleKey.new.uuid) })
        #expect(collisions.allSatisfy { $0["name"] == .string("Математика 7А") })
    }

    /// The second writer waits for the first, and then sees its entry.
    @Test func l1TwoWritersTakeTurns() throws {
        let school = try RuleSchool(in: Self.database.get())
        try school.run(Self.bells)
        try school.commit()
        let refusal = try school.race(Self.entry(.maths7, id: .new), then: Self.entry(.english7))
        #expect(refusal == Self.collision)
    }

    // MARK: What changes under the timetable

    /// Beside maths of 7А, an entry of grade 2 that meets it only after the change.
    static let around: [(entry: String, change: String, wanted: SQLRefusal?)] = [
        (
            entry(.maths2, room: .hall) + entry(.maths1, room: .hall, id: RuleKey(9003)),
            RuleSchool.update("rooms", .hall, "shared = false"), collision
        ),
        (
            entry(.maths2, room: .hall) + entry(.maths1, room: .hall, id: RuleKey(9003)),
            RuleSchool.update("rooms", .hall, "shared = false") + RuleSchool.update("rooms", .hall, "shared = true"),
            nil
        ),
        // Their common days have passed.
        (
            entry(.maths2, room: .hall) + entry(.maths1, room: .hall, to: "2026-10-14", id: RuleKey(9003)),
            RuleSchool.update("rooms", .hall, "shared = false"), nil
        ),
        (entry(.maths2, bells: second, room: .room), move(second, to: "08:30", "09:10"), collision),
        (entry(.maths2, bells: second, room: .room), move(second, to: "08:40", "09:20"), nil),
        // Schedules change one after the other; the last state counts.
        (
            entry(.maths2, bells: second, room: .room),
            move(second, to: "08:30", "09:10") + move(.bells, to: "07:50", "08:30"), nil
        ),
        // A student joined both groups. Their lessons are at the same time wherever the slot moves.
        (
            entry(.english7, slot: 2) + entry(.mathsAtHome, slot: 2, id: RuleKey(9003))
                + RuleSchool.member(.anna, of: .homeGroup, from: "2026-10-15"),
            move(.bells, slot: 2, to: "08:55", "09:35"), nil
        ),
        (entry(.maths2), lead(.maths2, .teacher, from: "2026-09-01"), collision),
        (entry(.maths2), lead(.maths2, .formerTeacher, from: "2026-09-01"), nil),  // led maths of 7А until yesterday
        (entry(.maths2), lead(.maths2, .teacher, from: "2027-02-01"), nil),  // the other entry has ended
        (entry(.maths2), lead(.maths2, .teacher, from: "2026-09-01", role: "co"), nil),
        (entry(.maths2, teacher: .substitute), lead(.maths2, .teacher, from: "2026-09-01"), nil),
        (
            entry(.maths2) + lead(.maths2, .teacher, from: "2027-02-01"),
            RuleSchool.update("section_teachers", RuleKey(9004), "starts_on = '2027-01-31'"), collision
        ),
        // The new lead gives the other section away.
        (
            entry(.maths2),
            lead(.maths2, .teacher, from: "2026-11-01")
                + RuleSchool.update("section_teachers", RuleKey(702), "ends_on = '2026-10-31'"), nil
        ),
        (
            entry(.maths2), RuleSchool.update("timetable_entries", .other, "section_id = \(RuleKey.english7)"),
            collision
        ),
        (
            RuleSchool.update("sections", .english7, "archived_at = now()") + entry(.english7),
            RuleSchool.update("sections", .english7, "archived_at = NULL"), collision
        ),
    ]

    private static func move(_ bells: RuleKey, slot: Int = 1, to starts: String, _ ends: String) -> String {
        """
        UPDATE bell_slots SET starts_at = '\(starts)', ends_at = '\(ends)'
            WHERE school_id = \(RuleSchool.school) AND bell_schedule_id = \(bells) AND slot = \(slot);
        """
    }

    private static func lead(
        _ section: RuleKey, _ teacher: RuleKey, from starts: String, role: String = "lead"
    ) -> String {
        """
        INSERT INTO section_teachers (school_id, id, section_id, teacher_id, role, starts_on)
            VALUES (\(RuleSchool.school), \(RuleKey(9004)), \(section), \(teacher), '\(role)', '\(starts)');
        """
    }

    @Test(arguments: around)
    func l1ChangesAroundTheTimetableMakeNoCollision(_ entry: String, _ change: String, _ wanted: SQLRefusal?) throws {
        let school = try school()
        try school.run(entry + "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;")
        #expect(try school.refusal(of: change) == wanted)
    }

    /// Changes of rooms and the writers of entries take turns.
    @Test func l1RoomChangesWhileAnEntryIsWritten() throws {
        let school = try RuleSchool(in: Self.database.get())
        try school.run(Self.bells + Self.entry(.maths1, room: .hall, id: RuleKey(9003)))
        try school.commit()
        let refusal = try school.race(
            Self.entry(.maths2, room: .hall), then: RuleSchool.update("rooms", .hall, "shared = false"))
        #expect(refusal == Self.collision)
    }

    private static let outside = SQLRefusal("LYL04", "entry_outside_year")

    @Test(arguments: [
        (entry(.maths2, from: "2027-06-01"), SQLRefusal?.some(outside)),
        (entry(.maths2, from: "2026-08-01", to: "2026-08-31"), outside),
        (entry(.maths2, from: "2027-05-31"), nil), (entry(.maths2, from: "2026-08-01", to: "2026-09-01"), nil),
        (RuleSchool.update("timetable_entries", .new, "starts_on = '2027-06-01', ends_on = NULL"), outside),
        (
            entry(.maths2, from: "2027-05-25")
                + RuleSchool.update("academic_years", .year, "ends_on = '2027-05-24'"), outside
        ),
        (
            entry(.maths2, from: "2027-05-24")
                + RuleSchool.update("academic_years", .year, "ends_on = '2027-05-24'"), nil
        ),
        (
            entry(.maths2, to: "2026-09-02")
                + RuleSchool.update("academic_years", .year, "starts_on = '2026-09-03'"), outside
        ),
        // Nobody uses the entries of an archived section.
        (
            entry(.maths2, to: "2026-09-02") + RuleSchool.update("sections", .maths2, "archived_at = now()")
                + RuleSchool.update("academic_years", .year, "starts_on = '2026-09-03'"), nil
        ),
    ])
    func l1EntriesHaveDaysInTheYearOfTheSection(_ statement: String, _ wanted: SQLRefusal?) throws {
        #expect(try school().refusal(of: statement) == wanted)
    }
}
