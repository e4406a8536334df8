import DiaryExchange
import DiaryTestSupport
import Postgres
import Testing

@Suite struct TimetableImportTests {
    private let school: ImportedSchool
    private let header = "Код;Предмет;Класс;Группа;День;Урок;Неделя;Кабинет;Учитель;С;По"

    init() throws { school = try ImportedSchool() }

    private func entry(_ code: String) throws -> [[String?]] {
        try school.rows(
            """
            SELECT b.name, e.weekday, e.slot, e.week, r.name, u.external_id, e.starts_on, e.ends_on, e.version
            FROM timetable_entries e
            JOIN bell_schedules b ON b.school_id = e.school_id AND b.id = e.bell_schedule_id
            LEFT JOIN rooms r ON r.school_id = e.school_id AND r.id = e.room_id
            LEFT JOIN users u ON u.school_id = e.school_id AND u.id = e.teacher_id
            WHERE e.external_id = '\(code)'
            """)
    }

    @Test func entriesHaveBellsRoomAndDates() throws {
        #expect(try entry("Т1") == [["Первая смена", "1", "1", "every", "12", nil, "2025-09-01", nil, "1"]])
        #expect(try entry("Т7") == [["Первые классы", "5", "1", "odd", "12", nil, "2025-09-01", nil, "1"]])
        #expect(
            try school.counts(
                .timetable, header, "Т1;Математика;7А;;Пн;1;;;С1;;30.12.2025", "Т2;Математика;7А;;ср;2;;;;;")
                == [2, 0, 1, 1, 6])
        #expect(try entry("Т1") == [["Первая смена", "1", "1", "every", "12", "С1", "2025-09-01", "2025-12-30", "2"]])
        #expect(
            try school.counts(.timetable, "Код нагрузки;День;Урок;Смена", "Н1;Вт;1;2", "Н1;Пн;1;") == [2, 1, 0, 1, 7])
    }

    @Test func entriesCanSwapPlaces() throws {
        #expect(
            try school.counts(.timetable, header, "Т1;Математика;7А;;Ср;2;;;;;", "Т2;Математика;7А;;Пн;1;;;;;")
                == [2, 0, 2, 0, 6])
        #expect(try entry("Т1")[0][1] == "3")
        #expect(try entry("Т2")[0][1] == "1")
    }

    @Test func L1_overlapsAreFaults() throws {
        // The teacher of 7А and 7Б is the same person, and 7Б has room 12 in the second slot.
        #expect(
            try school.faults(.timetable, header, ";Физическая культура;7А;;Пн;2;;12;С1;;") == [
                "2 room room_overlap", "2 teacher teacher_overlap",
            ])
        #expect(try school.faults(.timetable, header, ";Математика;7А;;Пн;2;;;;;") == ["2 teacher teacher_overlap"])
        // Conflicts through a group across classes, and through parts of the class.
        #expect(try school.faults(.timetable, header, ";Робототехника;;Роботы;Пн;1;;;;;") == ["2 slot student_overlap"])
        #expect(try school.faults(.timetable, header, ";Английский язык;;Г1;Ср;2;;;;;") == ["2 slot student_overlap"])
        // No conflict: odd and even weeks, other dates, a shared room, students of the other part.
        #expect(
            try school.counts(
                .timetable, header, ";Английский язык;;Г1;Чт;1;Нечётная;Спортзал;;;",
                ";Математика;7Б;;Чт;1;;Спортзал;;;") == [2, 2, 0, 0, 8])
        #expect(
            try school.counts(
                .timetable, header, "Т1;Математика;7А;;Пн;1;;;;;31.12.2025",
                ";Физическая культура;7А;;Пн;1;;12;;12.01.2026;")
                == [2, 1, 1, 0, 7])
        // Two rows of the file: the fault is reported at the later one.
        #expect(
            try school.faults(
                .timetable, header, ";Математика;7Б;;Пт;5;;;;;", ";Физическая культура;7А;;Пт;5;;;С1;;",
                ";Математика;7А;;Пт;6;;;;;", ";Математика;7А;;Пт;6;;;;;", ";Математика;7А;;Пт;7;Нечётная;;;;",
                ";Математика;7А;;Пт;7;;;;;") == [
                    "3 teacher teacher_overlap", "5 slot repeated", "7 slot student_overlap",
                    "7 teacher teacher_overlap",
                ])
        #expect(
            try school.faults(
                .timetable, header, ";Математика;7Б;;Пт;5;;;;;", ";Физическая культура;7А;;Пт;5;;;С1;;",
                ";Математика;7А;;Пт;7;Нечётная;;;;", ";Математика;7А;;Пт;7;;;;;") == [
                    "3 teacher teacher_overlap", "5 slot student_overlap", "5 teacher teacher_overlap",
                ])
    }

    @Test func L1_leadsAreBusyOnlyOnTheirDays() throws {
        // Н7 is taught by С2 until the end of December and by С3 from January; Т4 is taught by С2.
        #expect(
            try school.counts(.timetable, header, ";Английский язык;;Г2;Чт;7;;13;;;31.12.2025") == [1, 1, 0, 0, 8])
        #expect(
            try school.faults(.timetable, header, ";Английский язык;;Г2;Чт;7;;13;;01.02.2026;") == [
                "2 teacher teacher_overlap"
            ])
    }

    @Test func faultsAreNamed() throws {
        #expect(
            try school.faults(
                .timetable, header, ";Физика;7А;;Пт;2;;;;;", ";Математика;7В;;Пт;2;;;;;",
                ";Математика;7А;;Пт;9;;77;С9;01.01.2020;", ";;;;Пт;3;;;;;",
                "Т7;Математика;1А;;Пт;1;Нечётная;;;31.12.2025;01.12.2025",
                ";Математика;;;Пт;3;;;;;", ";Математика;7А;;;3;;;;;", ";Математика;7А;;Пятый;3;Через раз;;;;") == [
                    "2 subject unknown_section", "3 class unknown_class", "4 slot unknown_slot", "4 room unknown_room",
                    "4 teacher unknown_teacher", "4 starts_on outside_year", "5 subject required",
                    "6 ends_on before_start",
                    "7 class required", "8 weekday required", "9 weekday not_one_of", "9 week not_one_of",
                ])
        #expect(
            try school.faults(.timetable, "Код нагрузки;День;Урок;Звонки", "Н99;Пн;3;", "Н1;Пн;3;Третья смена") == [
                "2 section unknown_section", "3 bells unknown_bells",
            ])
        try school.owner.execute(
            """
            INSERT INTO bell_schedules (school_id, id, academic_year_id, name, grade_levels)
            SELECT school_id, gen_random_uuid(), id, 'Сокращённые', '{7}' FROM academic_years;
            INSERT INTO bell_slots SELECT school_id, id, 3, '09:00', '09:30' FROM bell_schedules WHERE name = 'Сокращённые';
            """)
        #expect(try school.faults(.timetable, header, ";Математика;7А;;Пт;3;;;;;") == ["2 bells ambiguous"])
        #expect(
            try school.counts(.timetable, "Код нагрузки;День;Урок;Звонки", "Н1;Пт;3;сокращённые") == [1, 1, 0, 0, 8])
        // An entry keeps its bell schedule unless the file names another one.
        #expect(try school.counts(.timetable, header, "Т1;Математика;7А;;Пн;1;;;;;") == [1, 0, 0, 1, 7])
    }
}
