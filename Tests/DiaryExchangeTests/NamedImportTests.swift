import DiaryExchange
import DiaryTestSupport
import Postgres
import Testing

/// Subjects, rooms, and class teachers.
@Suite struct NamedImportTests {
    private let school: ImportedSchool

    init() throws { school = try ImportedSchool() }

    @Test func subjectsAreMatchedByCodeOrName() throws {
        let header = "Код;Предмет;Кратко;Физкультура;Порядок"
        #expect(
            try school.counts(.subjects, header, ";математика;;;", "П9;Шахматы;Шах.;;", "П4;Роботы;;;") == [
                3, 1, 2, 0, 2,
            ])
        #expect(
            try school.rows(
                "SELECT name, short_name, is_physical, position, version FROM subjects WHERE external_id IN ('П1', 'П4', 'П9') ORDER BY external_id"
            ) == [
                ["математика", "Матем.", "f", "1", "3"], ["Роботы", "Робот.", "f", "40", "2"],
                ["Шахматы", "Шах.", "f", "0", "1"],
            ])
        #expect(
            try school.faults(
                .subjects, header, "П1;Шахматы;;;", ";Физика;;может быть;", ";физика;;;", ";;;;-1", "П3;Физкультура;;;",
                ";Физическая культура;;;") == [
                    "2 name already_exists", "3 is_physical not_one_of", "4 name repeated", "5 position out_of_range",
                    "5 name required", "7 name repeated",
                ])
        try school.owner.execute("UPDATE subjects SET archived_at = now() WHERE name = 'Шахматы'")
        #expect(try school.faults(.subjects, "Предмет", "Шахматы") == ["2 name archived"])
    }

    @Test func twoBuildingsMayHaveOneRoomName() throws {
        let header = "Кабинет;Корпус;Общий;Мест"
        #expect(try school.counts(.rooms, header, "12;Северный;;20", "12;;;", "13;;Да;") == [3, 1, 1, 1, 1])
        #expect(
            try school.rows(
                "SELECT name, building, shared, capacity FROM rooms WHERE name IN ('12', '13') ORDER BY 1, 2")
                == [["12", "Северный", "f", "20"], ["12", nil, "f", "30"], ["13", nil, "t", "16"]])
        #expect(
            try school.faults(.rooms, header, "12;северный;;0", "12;Северный;;") == [
                "2 capacity out_of_range", "3 name repeated",
            ])
    }

    @Test func truncatedFilesAreRefused() throws {
        let refusal = try #require(throws: ImportRefusal.self) {
            try school.counts(.rooms, "Код;Кабинет", "К12;12", "К13;13", options: .init())
        }
        #expect(refusal.isShrinking && "\(refusal.faults[0].detail)".contains("leaves out 1 of 3"))
        // A partial file says nothing about the other records.
        #expect(
            try school.counts(.rooms, "Код;Кабинет", "К12;12", "К14;14", options: .init(isPartial: true)) == [
                2, 1, 0, 1, nil,
            ])
    }

    @Test func A2_classTeachersChangeOnTheGivenDay() throws {
        let teachers = """
            SELECT u.external_id, t.starts_on, t.ends_on FROM class_teachers t
            JOIN classes c ON c.school_id = t.school_id AND c.id = t.class_id AND c.name = '7А'
            JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id ORDER BY t.starts_on
            """
        #expect(try school.rows(teachers) == [["С1", "2025-09-01", nil]])
        let header = "Класс;Классный руководитель;Руководит с"
        #expect(try school.faults(.classes, header, "7А;С2;") == ["2 class_teacher teacher_change_needs_date"])
        #expect(
            try school.faults(.classes, header, "7А;У1;", "7Б;;05.10.2025", "1А;С3;01.08.2025") == [
                "2 class_teacher unknown_teacher", "3 class_teacher needs_teacher", "4 class_teacher_from outside_year",
            ])
        #expect(try school.counts(.classes, header, "7А;С2;02.11.2025") == [1, 0, 1, 0, 2])
        #expect(try school.rows(teachers) == [["С1", "2025-09-01", "2025-11-01"], ["С2", "2025-11-02", nil]])
        #expect(try school.counts(.classes, header, "7А;С2;02.11.2025") == [1, 0, 0, 1, 2])
    }
}
