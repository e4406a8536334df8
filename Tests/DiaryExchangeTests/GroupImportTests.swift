import DiaryExchange
import DiaryTestSupport
import Postgres
import Testing
import Web

@Suite struct GroupImportTests {
    private let school: ImportedSchool
    private let header = "Код;Группа;Вид;Класс;Ученики;С;По"

    init() throws { school = try ImportedSchool() }

    private func members(_ group: String) throws -> [[String?]] {
        try school.rows(
            """
            SELECT u.external_id, m.starts_on, m.ends_on FROM group_members m
            JOIN groups g ON g.school_id = m.school_id AND g.id = m.group_id AND g.external_id = '\(group)'
            JOIN users u ON u.school_id = m.school_id AND u.id = m.student_id ORDER BY m.starts_on, 1
            """)
    }

    @Test func groupsArePartsOfAClassOrCrossClasses() throws {
        #expect(
            try school.rows(
                """
                SELECT g.external_id, g.name, g.kind, c.name, g.grade_level FROM groups g
                LEFT JOIN classes c ON c.school_id = g.school_id AND c.id = g.class_id WHERE g.kind <> 'class' ORDER BY 1
                """) == [
                    ["Г1", "Английский, 1", "part", "7А", "7"], ["Г2", "Английский, 2", "part", "7А", "7"],
                    ["Г3", "Роботы", "cross", nil, "7"],
                ])
        #expect(try members("Г3") == [["У1", "2025-09-01", nil], ["У3", "2025-10-01", "2026-04-30"]])
    }

    /// У1 leaves in September and returns in May; today is before that.
    @Test func aStudentWhoReturnsLaterIsNoMemberToday() throws {
        #expect(try school.counts(.groups, header, "Г3;Роботы;;;У1;;30.09.2025") == [1, 0, 1, 0, 2])
        #expect(try school.counts(.groups, header, "Г3;Роботы;;;У1;01.05.2026;") == [1, 0, 1, 0, 2])
        let both = try members("Г3")
        #expect(try school.faults(.groups, header, "Г3;Роботы;;;У1;;") == ["2 members membership_over"])
        #expect(try members("Г3") == both)
        // The time until then, and the same file again
        #expect(try school.counts(.groups, header, "Г3;Роботы;;;У1;01.02.2026;") == [1, 0, 1, 0, 2])
        #expect(
            try members("Г3").filter { $0[0] == "У1" } == [
                ["У1", "2025-09-01", "2025-09-30"], ["У1", "2026-02-01", "2026-04-30"], ["У1", "2026-05-01", nil],
            ])
        #expect(try school.counts(.groups, header, "Г3;Роботы;;;У1;01.02.2026;") == [1, 0, 0, 1, 2])
    }

    @Test func membersChangeOnlyWhereTheFileSaysSo() throws {
        #expect(try school.counts(.groups, header, "Г3;Роботы;;;У1;;30.09.2025") == [1, 0, 1, 0, 2])
        #expect(try members("Г3") == [["У1", "2025-09-01", "2025-09-30"], ["У3", "2025-10-01", "2026-04-30"]])
        // An old file does not bring back a student who has left.
        #expect(try school.faults(.groups, header, "Г3;Роботы;;;У1;;") == ["2 members membership_over"])
        #expect(try school.counts(.groups, header, "Г3;Роботы;;;\"У1,У2\";12.10.2025;") == [1, 0, 1, 0, 2])
        #expect(
            try members("Г3") == [
                ["У1", "2025-09-01", "2025-09-30"], ["У3", "2025-10-01", "2026-04-30"], ["У1", "2025-10-12", nil],
                ["У2", "2025-10-12", nil],
            ])
        let state = try school.state()
        #expect(
            try school.counts(.groups, header, "Г3;Роботы;;;У1;;30.09.2025", "Г3;Роботы;;;\"У2,У1\";12.10.2025;")
                == [2, 0, 0, 2, 2])
        #expect(try school.state() == state)
    }

    @Test func faultsAreNamed() throws {
        #expect(
            try school.faults(
                .groups, header, "Г1;Английский, 1;Сводная;7А;У3;;", ";Новая;Часть;;У1;;", ";Новая2;Часть;7А;У9;;",
                ";Новая3;;7А;У1;;", ";Новая3;;7А;У1;;", ";Новая4;;7А;;01.09.2025;", ";Новая5;;7В;У1;;",
                "Г3;Роботы;;;У2;01.12.2025;01.11.2025", "Г3;Роботы2;;;У2;01.08.2025;", "Г4;Пятая;;7Б;;;",
                ";Пятая;;7Б;;;") == [
                    "2 kind fixed_field", "2 members not_in_class", "3 class part_of_a_class",
                    "4 members unknown_child",
                    "6 members repeated", "7 members needs_members", "8 class unknown_class", "9 ends_on before_start",
                    "10 name differs", "10 starts_on outside_year", "9 members repeated", "12 external_id lacks_code",
                ])
        #expect(
            try school.counts(.groups, "Группа;Класс;Ученики", "Труд;7А;У1", "Труд;7Б;У3") == [
                2, 2, 0, 0, 3,
            ])
        #expect(try school.faults(.groups, "Группа", "Труд") == ["2 name ambiguous"])
    }

    /// Two lessons at the same time because of a group are reported at the row.
    @Test func L1_anOverlapOfStudentsIsAFault() throws {
        try school.owner.execute(
            """
            INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at)
            SELECT s.school_id, gen_random_uuid(), s.id, '2025-10-06', 1, '08:00', '08:45'
            FROM sections s WHERE s.external_id IN ('Н3', 'Н4')
            """)
        #expect(try school.faults(.groups, header, "Г1;Английский, 1;;;У2;;") == ["2 members student_overlap"])
        #expect(try school.counts(.groups, header, "Г1;Английский, 1;;;У2;07.10.2025;") == [1, 0, 1, 0, 2])
        #expect(
            try school.faults(
                .students, "Код;Фамилия;Имя;Класс;Дата зачисления;Подгруппы", "У3;Мухин;Пётр;7А;06.10.2025;нет") == [])
    }

    /// Days with records do not leave a group or a class, and the row says which days those are.
    @Test func L5_recordedDaysAreAFault() throws {
        try school.owner.execute(
            """
            SET lyceum.today = '2025-10-10';
            INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at)
            SELECT s.school_id, gen_random_uuid(), s.id, d.date, 1, d.starts_at, d.starts_at + interval '45 minutes'
            FROM sections s
            JOIN (VALUES ('Н3', date '2025-10-06', time '08:00'), ('Н1', '2025-10-07', '09:00')) d (code, date, starts_at)
                ON d.code = s.external_id;
            INSERT INTO attendance (school_id, id, lesson_id, student_id, meaning)
            SELECT l.school_id, gen_random_uuid(), l.id, m.student_id, 'absent'
            FROM lessons l
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
            JOIN users u ON u.school_id = m.school_id AND u.id = m.student_id AND u.external_id = 'У1';
            """)
        let state = try school.state()
        #expect(
            try school.faults(.groups, header, "Г1;Английский, 1;;;У1;;05.10.2025") == ["2 ends_on recorded_days"])
        do {
            _ = try school.counts(.students, "Код;Фамилия;Имя;Класс;Дата зачисления", "У1;Ковалёв;Артём;7Б;06.10.2025")
            Issue.record("nothing was refused")
        } catch let refusal as ImportRefusal {
            let fault = try #require(refusal.faults.first)
            #expect("\(fault.row) \(fault.column) \(fault.code)" == "2 enrolled_on recorded_days")
            #expect(fault.detail.english.hasSuffix("(rule L5): 06.10.2025, 07.10.2025."), "\(fault.detail.english)")
        }
        #expect(try school.state() == state)
        #expect(try school.counts(.groups, header, "Г1;Английский, 1;;;У1;;06.10.2025") == [1, 0, 1, 0, 2])
    }

    /// A member of a part of a class is in that class on all days of the membership, also when a row changes a known
    /// one.
    @Test func L5_membersOfAPartAreInItsClass() throws {
        try school.owner.execute(
            """
            UPDATE enrollments e SET ends_on = '2026-01-31'
            FROM users u WHERE u.school_id = e.school_id AND u.id = e.student_id AND u.external_id = 'У2'
            """)
        let faults = try school.faults(
            .groups, header, "Г1;Английский, 1;;;У2;;15.02.2026", "Г1;Английский, 1;;;У3;01.11.2025;",
            ";Труд;Часть;7А;У2;01.02.2026;", ";Труд;Часть;7А;У1;;", "Г2;Английский, 2;;;У2;;01.02.2026")
        #expect(
            faults == [
                "2 members not_in_class", "3 members not_in_class", "4 members not_in_class", "6 members not_in_class",
            ])
        // Without a last day the membership ends with the enrollment.
        #expect(try school.counts(.groups, header, "Г1;Английский, 1;;;У2;;") == [1, 0, 1, 0, 2])
        #expect(try members("Г1").contains(["У2", "2025-09-01", "2026-01-31"]))
    }
}
