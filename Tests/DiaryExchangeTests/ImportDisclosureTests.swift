import DiaryExchange
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// The faults of an import quote the file. Further names are only for callers that may read people (A1): an integration
/// with only `imports.write` learns no name from them.
@Suite(.serialized) struct ImportDisclosureTests {
    private let school: AppSchool

    init() async throws {
        school = try AppSchool(try await TestServer.of(Self.self))
    }

    private func send(_ client: TestClient, _ kind: String, _ lines: [String]) throws -> TestClient.Answer {
        try client.send(
            "POST", "/v1/imports/\(kind)?force=true",
            headers: [("Content-Type", "text/csv"), ("Accept-Language", "ru")],
            body: Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    /// Creates records whose names all contain «Скрыт», which no file below has.
    private func fill() throws {
        let admin = try school.server.client("admin")
        let load = "Код;Предмет;Класс;Группа;Учитель"
        let files: [(String, [String])] = [
            ("staff", ["Код;Фамилия;Имя;Роли", "dt1;Скрытова;Савина;Учитель", "dt2;Явная;Яна;Учитель"]),
            ("rooms", ["Код;Кабинет", "dr1;Зал Д"]),
            ("classes", ["Код;Класс", "dc1;5Ъ", "dc2;5Ы"]),
            (
                "students",
                [
                    "Код;Фамилия;Имя;Класс", "ds1;Скрытов;Сава;5Ъ", "ds2;Скрытов;Степан;5Ъ", "ds3;Явный;Яков;5Ъ",
                    "ds4;Явный;Ян;5Ы",
                ]
            ),
            ("guardians", ["Код;Фамилия;Имя", "dg1;Скрытова;Серафима"]),
            (
                "groups",
                [
                    "Код;Группа;Вид;Класс;Параллель;Ученики", "dgr1;Скрытов индивидуально;Индивидуальная;;5;ds1",
                    "dgr2;Скрытов дома;Индивидуальная;;5;ds2", "dgr3;Скрытая часть;Часть;5Ъ;;ds1",
                ]
            ),
            (
                "load",
                [
                    load, "dl1;Математика;5Ъ;;dt1", "dl2;Математика;;dgr1;dt1", "dl3;История;;dgr1;dt2",
                    "dl4;История;5Ъ;;dt2", "dl5;История;5Ы;;",
                ]
            ),
            (
                "timetable",
                ["Код;Нагрузка;День;Урок;Кабинет", "de1;dl2;Пн;1;dr1", "de2;dl3;Вт;1;"]
            ),
        ]
        for (kind, lines) in files {
            let answer = try send(admin, kind, lines)
            try #require(answer.status == 200, "\(kind): \(answer.text)")
        }
        try school.server.owner().query(
            """
            INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at, state)
            SELECT school_id, gen_random_uuid(), id, '2025-12-01', 1, '08:00', '08:45', 'planned' FROM sections
            WHERE school_id = $1 AND external_id IN ('dl2', 'dl5')
            """, [String(school.ids.school)])
    }

    /// A file, its fault, and whether the fault's sentence has something that is not in the file.
    private static let cases: [(kind: String, lines: [String], fault: String)] = [
        ("guardians", ["Код;Фамилия;Имя", "ds1;Другая;Особа"], "/rows/2/external_id another_person"),
        ("students", ["Код;Фамилия;Имя", "dg1;Другой;Некто"], "/rows/2/external_id another_person"),
        ("students", ["Код;Фамилия;Имя;Класс", "ds3;Явный;Яков;5Ы"], "/rows/2/class class_change_needs_date"),
        ("load", ["Код;Предмет;Класс;Учитель", "dl1;Математика;5Ъ;dt2"], "/rows/2/teacher teacher_change_needs_date"),
        (
            "load", ["Код;Предмет;Класс;Учитель;С;По", "dl1;Математика;5Ъ;dt2;01.12.2025;31.12.2025"],
            "/rows/2/teacher lead_overlap"
        ),
        ("load", ["Код;Предмет;Группа", "dl2;История;dgr1"], "/rows/2/subject fixed_field"),
        ("load", ["Код;Предмет;Группа", "dl2;Математика;dgr2"], "/rows/2/group fixed_field"),
        ("groups", ["Код;Группа;Вид", "dgr3;Иная;Сводная"], "/rows/2/kind fixed_field"),
        (
            "timetable", ["Код;Нагрузка;День;Урок", "dx1;dl1;Пн;1"], "/rows/2/teacher teacher_overlap"
        ),
        ("timetable", ["Код;Нагрузка;День;Урок;Кабинет", "dx2;dl4;Пн;1;dr1"], "/rows/2/room room_overlap"),
        ("timetable", ["Код;Нагрузка;День;Урок", "dx3;dl4;Пн;1"], "/rows/2/slot student_overlap"),
        (
            "groups", ["Код;Группа;Вид;Ученики", "dgr1;Иная;Индивидуальная;ds4"], "/rows/2/members student_overlap"
        ),
    ]

    @Test func A1_faultsHaveNoNamesForCallersWhoMayNotReadPeople() throws {
        try fill()
        let blind = try school.program("Imports alone", ["imports.write"])
        let seeing = try school.program("Imports and people", ["imports.write", "people.read"])
        let admin = try school.server.client("admin")
        // These faults have no further name, even for callers who may read people.
        let silent = ["class_change_needs_date", "kind fixed_field"]
        for (kind, lines, fault) in Self.cases {
            let told = try send(blind, kind, lines)
            #expect(told.status == 422, "\(fault): \(told.text)")
            let faults = (told.json["errors"]?.array ?? []).map {
                "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")"
            }
            #expect(faults.contains(fault), "\(fault): \(told.text)")
            #expect(!told.text.contains("Скрыт"), "\(fault): \(told.text)")
            for reader in [seeing, admin] where !silent.contains(where: { fault.hasSuffix($0) }) {
                let answer = try send(reader, kind, lines)
                #expect(answer.text.contains("Скрыт"), "\(fault): \(answer.text)")
            }
        }
        // A student's class is personal data, too.
        let change = Self.cases[2]
        #expect(try !send(blind, change.kind, change.lines).text.contains("5Ъ"))
        #expect(try send(seeing, change.kind, change.lines).text.contains("5Ъ"))
    }
}
