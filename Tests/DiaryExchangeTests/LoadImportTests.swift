import DiaryExchange
import DiaryTestSupport
import Postgres
import Testing

@Suite struct LoadImportTests {
    private let school: ImportedSchool
    private let header = "Код;Предмет;Класс;Группа;Вид;Оценивание;Часы;Учитель;Роль;С;По"

    init() throws { school = try ImportedSchool() }

    private func teachers(_ section: String) throws -> [[String?]] {
        try school.rows(
            """
            SELECT u.external_id, t.role, t.starts_on, t.ends_on FROM section_teachers t
            JOIN sections s ON s.school_id = t.school_id AND s.id = t.section_id AND s.external_id = '\(section)'
            JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id ORDER BY t.starts_on, t.role DESC
            """)
    }

    @Test func sectionsHaveTheirGroupGradingAndTeachers() throws {
        #expect(
            try school.rows(
                """
                SELECT s.external_id, s.name, s.kind, s.grading, s.hours_per_week, g.name FROM sections s
                JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
                WHERE s.external_id IN ('Н1', 'Н3', 'Н6', 'Н7') ORDER BY 1
                """) == [
                    ["Н1", "Математика 7А", "curricular", "marks", "2.0", "7А"],
                    ["Н3", "Английский язык Английский, 1", "curricular", "marks", "1.0", "Английский, 1"],
                    ["Н6", "Математика 1А", "curricular", "none", "0.5", "1А"],
                    ["Н7", "Робототехника Роботы", "extracurricular", "none", "1.0", "Роботы"],
                ])
        #expect(try teachers("Н5") == [["С2", "lead", "2025-09-01", nil], ["С3", "co", "2025-09-01", nil]])
        #expect(
            try teachers("Н7") == [["С2", "lead", "2025-09-01", "2025-12-31"], ["С3", "lead", "2026-01-01", nil]])
    }

    @Test func aLeadChangesOnTheGivenDay() throws {
        #expect(
            try school.faults(.load, header, "Н1;Математика;7А;;;;;С3;;;") == ["2 teacher teacher_change_needs_date"])
        #expect(
            try school.faults(.load, header, "Н1;Математика;7А;;;;;С3;;01.11.2025;30.11.2025") == [
                "2 teacher lead_overlap"
            ])
        let row = "Н1;Математика;7А;;;;;С3;;01.11.2025;"
        #expect(try school.counts(.load, header, row) == [1, 0, 1, 0, 6])
        #expect(
            try teachers("Н1") == [["С1", "lead", "2025-09-01", "2025-10-31"], ["С3", "lead", "2025-11-01", nil]])
        let state = try school.state()
        #expect(try school.counts(.load, header, row) == [1, 0, 0, 1, 6])
        #expect(try school.state() == state)
    }

    @Test func sectionsWithoutACodeAreMatchedBySubjectAndGroup() throws {
        #expect(
            try school.counts(.load, header, ";математика;7 а;;;;3;;;;", ";Физика;7А;;;Зачёт;1;С1;;;") == [
                2, 1, 1, 0, 6,
            ])
        #expect(
            try school.rows("SELECT hours_per_week, external_id, version FROM sections WHERE external_id = 'Н1'")
                == [["3.0", "Н1", "2"]])
    }

    @Test func faultsAreNamed() throws {
        #expect(
            try school.faults(
                .load, header, "Н1;Физика;7А;;;;;;;;", ";Химия;7А;;;;;С77;;;", ";Нет такого;7А;;;;;;;;",
                ";Биология;;;;;;;;;",
                ";Биология;;Хор;;;;;;;", ";География;7А;;;;0;;;;", ";История;7А;;;;;;Второй;;",
                ";Биология;7Б;;;;;С1;;;",
                ";Биология;7Б;;;;;С1;;;", ";Физика;7Б;;;;;С1;;;", ";Физика;7Б;;;;2;С2;;;",
                "Н5;Физическая культура;7А;;;;;С3;Ведущий;;",
                ";Химия;7Б;;;;;С1;;01.12.2025;01.11.2025") == [
                    "2 subject fixed_field", "3 teacher unknown_teacher", "4 subject unknown_subject",
                    "5 class required",
                    "6 group unknown_group", "7 hours_per_week not_hours", "8 teacher needs_teacher",
                    "10 teacher repeated",
                    "12 subject differs", "12 teacher lead_overlap", "13 teacher_role fixed_field",
                    "14 teacher_to before_start",
                ])
    }

    @Test func M1_gradeOneHasNoMarks() throws {
        #expect(try school.faults(.load, header, "Н6;Математика;1А;;;Отметки;;;;;") == ["2 grading marks_not_allowed"])
        #expect(try school.faults(.load, header, ";Русский язык;1А;;;Зачёт;;;;;") == ["2 grading marks_not_allowed"])
        #expect(try school.counts(.load, header, ";Русский язык;1А;;;Без отметок;;;;;") == [1, 1, 0, 0, 7])
    }

    @Test func M1_theGradingOfSectionsWithMarksStays() throws {
        try school.owner.execute(
            """
            INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at, state)
            SELECT school_id, gen_random_uuid(), id, '2025-10-01', 1, '08:00', '08:45', 'held' FROM sections WHERE external_id = 'Н1';
            INSERT INTO line_items (school_id, id, section_id, lesson_id, category_id, weight)
            SELECT l.school_id, gen_random_uuid(), l.section_id, l.id, (SELECT id FROM categories LIMIT 1), 1 FROM lessons l;
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number)
            SELECT i.school_id, gen_random_uuid(), i.id, u.id, 'number', 5 FROM line_items i, users u WHERE u.external_id = 'У1';
            """)
        #expect(try school.faults(.load, header, "Н1;Математика;7А;;;Зачёт;;;;;") == ["2 grading has_marks"])
    }
}
