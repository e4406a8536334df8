import DiaryTestSupport

/// The requests of the conformance test for a declared resource.
///
/// `{n}` is the number of the new row, 1 to 3, and `{m}` the next number. `{name}` is an id of `DeclaredSchool`.
struct ResourceFixture: Sendable {
    /// The path of the collection after `/v1/`, if it contains ids.
    var path: String?
    /// A valid body. Rows 1, 2 and 3 can exist together.
    let body: String
    /// A valid change, in which each member differs from `body`.
    let change: String
    /// Refusals by the constraint's name, tested while row 1 exists.
    var refused: [String: Refused] = [:]
    /// Declared refusals that no request can cause, with the reason.
    var unreached: [String: String] = [:]

    struct Refused: Sendable {
        let body: String
        let status: Int
        /// `pointer code`.
        let error: String

        init(_ body: String, _ status: Int, _ error: String) {
            self.body = body
            self.status = status
            self.error = error
        }
    }
}

extension ResourceFixture {
    private static let elsewhere = "The group of this test is not a part of a class; GroupMembersTests."
    private static let elsewhereForPlans = "It takes lessons or a second request; CurriculumPlansTests."
    private static let topic = """
        {"id": "0198d49b-2971-7734-bf85-4d8e3c910009", "unit_id": null, "title": "Тема", "hours": 1, "external_id": null}
        """
    private static let unit = #"{"id": "0198d49b-2971-7734-bf85-4d8e3c910010", "title": "Раздел"}"#
    private static func plan(_ topics: String, units: String = "") -> String {
        """
        {"academic_year_id": "{academic_year_id}", "subject_id": "{subject_id}", "grade_level": 7, "section_id": null,
        "title": "План {n}", "external_id": "p{n}", "units": [\(units)], "topics": [\(topics)]}
        """
    }
    private static let earlier = "The rule of the field refuses the value first."

    private static func attempt(_ debt: Int, _ members: String, ordinal: Int = 1) -> String {
        "{\"debt_id\": \"{debt_\(debt)}\", \"ordinal\": \(ordinal), \(members)}"
    }

    /// Fixtures by noun. A declared resource without a fixture fails the test.
    static let all: [String: ResourceFixture] = [
        "AcademicYear": .init(
            body: """
                {"name": "204{n}", "starts_on": "204{n}-09-01", "ends_on": "204{m}-05-31",
                "second_half_starts_on": "204{m}-01-10", "external_id": "y{n}"}
                """,
            change: #"{"name": "Год", "external_id": null}"#,
            refused: [
                "academic_years_dates": .init(
                    """
                    {"name": "x", "starts_on": "2061-05-01", "ends_on": "2060-12-01",
                    "second_half_starts_on": "2061-05-02"}
                    """, 422, "/ends_on before_start"),
                "academic_years_second_half": .init(
                    """
                    {"name": "x", "starts_on": "2060-09-01", "ends_on": "2061-05-31",
                    "second_half_starts_on": "2060-09-02"}
                    """, 422, "/second_half_starts_on not_mid_year"),
                "academic_years_length": .init(
                    """
                    {"name": "x", "starts_on": "2060-01-01", "ends_on": "2061-05-31",
                    "second_half_starts_on": "2060-09-01"}
                    """, 422, "/ends_on not_a_year"),
                "academic_years_no_overlap": .init(
                    """
                    {"name": "x", "starts_on": "2041-10-01", "ends_on": "2042-05-31",
                    "second_half_starts_on": "2042-01-10"}
                    """, 409, "/starts_on overlap"),
                "academic_years_name_key": .init(
                    """
                    {"name": "2041", "starts_on": "2060-09-01", "ends_on": "2061-05-31",
                    "second_half_starts_on": "2061-01-10"}
                    """, 409, "/name already_exists"),
                "academic_years_external_id": .init(
                    """
                    {"name": "x", "starts_on": "2060-09-01", "ends_on": "2061-05-31",
                    "second_half_starts_on": "2061-01-10", "external_id": "y1"}
                    """, 409, "/external_id already_exists"),
            ],
            unreached: [
                "academic_years_first_day": "Only a change can violate it; SchoolSetUpTests.",
                "academic_years_entries_starts_on": "Only a change can violate it; TimetableRuleTests.",
                "academic_years_entries_ends_on": "Only a change can violate it; TimetableEntriesTests.",
            ]),
        "Promotion": .init(
            path: "academic-years/{academic_year_id}/promotions",
            body: #"{"student_id": "{student_{n}}", "decision": "promoted", "decided_on": "2026-05-2{n}"}"#,
            change: #"{"decision": "conditional", "debts": "Алгебра", "protocol": "7"}"#,
            refused: [
                "promotions_student_key": .init(
                    #"{"student_id": "{student_1}", "decision": "left", "decided_on": "2026-05-20"}"#, 409,
                    "/student_id already_exists"),
                "promotions_debts": .init(
                    #"{"student_id": "{student_4}", "decision": "left", "debts": "x", "decided_on": "2026-05-20"}"#,
                    422, "/debts only_when_conditional"),
            ]),
        "Order": .init(
            body: """
                {"kind": "admission", "number": "{n}-у", "issued_on": "2025-08-2{n}", "text": "Зачислить.",
                "signatory": "Директор"}
                """,
            change: #"{"number": "9-у", "issued_on": "2025-08-30", "text": "Зачислить в 7А.", "external_id": "o"}"#,
            refused: [
                "orders_number_key": .init(
                    """
                    {"kind": "admission", "number": "1-у", "issued_on": "2025-01-10", "text": "x", "signatory": "x"}
                    """, 409, "/number already_exists")
            ]),
        "Certificate": .init(
            body: """
                {"student_id": "{graduate_{n}}", "kind": "basic", "award": "honours", "entry_number": {n},
                "form_number": "074{n}", "issued_on": "2026-06-2{n}", "order_id": "{order_id}", "received_by": "Мать"}
                """,
            change: """
                {"award": null, "entry_number": 9, "form_number": "0749", "issued_on": "2026-06-30",
                "order_id": "{protocol_id}", "received_by": null, "is_duplicate": true}
                """,
            refused: [
                "certificates_grade_level": .init(
                    """
                    {"student_id": "{graduate_1}", "kind": "secondary", "entry_number": 7, "form_number": "0747",
                    "issued_on": "2026-06-25", "order_id": "{order_id}"}
                    """, 422, "/student_id not_in_grade_level")
            ]),
        "SubjectPart": .init(
            path: "academic-years/{empty_year_id}/subject-parts",
            body: #"{"subject_id": "{subject_id}", "part_id": "{part_{n}}"}"#,
            change: #"{"subject_id": "{composite_id}"}"#,
            refused: [
                "subject_parts_part_id_key": .init(
                    #"{"subject_id": "{composite_id}", "part_id": "{part_1}"}"#, 409, "/part_id already_exists"),
                "subject_parts_not_itself": .init(
                    #"{"subject_id": "{composite_id}", "part_id": "{composite_id}"}"#, 422, "/part_id one_level"),
                "subject_parts_one_level": .init(
                    #"{"subject_id": "{part_1}", "part_id": "{composite_id}"}"#, 422, "/part_id one_level"),
            ]),
        "DebtAttempt": .init(
            body: #"{"debt_id": "{debt_{n}}", "ordinal": 1, "held_on": "2026-09-1{n}"}"#,
            change: #"{"held_on": "2026-10-01", "commission": "Абрамова, Белов"}"#,
            refused: [
                "debt_attempts_ordinal_key": .init(
                    attempt(1, #""held_on": "2026-09-20""#), 409, "/ordinal already_exists"),
                "debt_attempts_order": .init(
                    attempt(1, #""held_on": "2026-09-20", "commission": "Абрамова""#, ordinal: 2), 422,
                    "/ordinal first_attempt_first"),
                "debt_attempts_held_on": .init(attempt(2, #""held_on": "2025-01-20""#), 422, "/held_on before_start"),
                "debt_attempts_future": .init(
                    attempt(2, #""held_on": "2026-09-20", "result": "absent", "order_id": "{protocol_id}""#), 422,
                    "/held_on in_the_future"),
                "debt_attempts_order_id": .init(
                    attempt(2, #""held_on": "2025-11-19", "result": "absent""#), 422, "/order_id required"),
                "debt_attempts_protocol": .init(
                    attempt(2, #""held_on": "2025-11-19", "result": "absent", "order_id": "{order_id}""#), 422,
                    "/order_id not_a_protocol"),
            ],
            unreached: ["debt_attempts_commission": "A second attempt needs a first one that failed; DebtsTests."]),
        "ConductMark": .init(
            path: "students/{student_4}/conduct-marks",
            body: #"{"term_id": "{quarter_{m}}", "level": {m}}"#,
            change: #"{"level": 5, "comment": "Помогает товарищам"}"#,
            refused: [
                "conduct_marks_student_id_key": .init(
                    #"{"term_id": "{quarter_2}", "level": 1}"#, 409, "/term_id already_exists")
            ]),
        "Term": .init(
            body: """
                {"academic_year_id": "{empty_year_id}", "kind": "quarter", "ordinal": {n}, "name": "Период {n}",
                "starts_on": "2031-0{n}-11", "ends_on": "2031-0{n}-20", "marks_close_on": "2031-0{n}-22",
                "grade_levels": [5, 6]}
                """,
            change: #"{"name": "Четверть", "grade_levels": [5]}"#,
            refused: [
                "terms_dates": .init(term("2031-04-20", "2031-04-10", "2031-04-20"), 422, "/ends_on before_start"),
                "terms_marks_close_on": .init(
                    term("2031-04-10", "2031-04-20", "2031-04-15"), 422, "/marks_close_on before_end"),
                "terms_inside_year": .init(
                    term("2030-08-10", "2030-09-20", "2030-09-20"), 422, "/starts_on outside_year"),
                "terms_no_overlap": .init(
                    term("2031-01-15", "2031-01-30", "2031-01-30"), 409, "/starts_on overlap"),
                "terms_school_id_academic_year_id_fkey": .init(
                    term("2031-04-10", "2031-04-20", "2031-04-20", year: "{nothing}"), 422,
                    "/academic_year_id unknown_reference"),
            ]),
        "Holiday": .init(
            body: """
                {"academic_year_id": "{empty_year_id}", "name": "Каникулы {n}", "starts_on": "2031-0{n}-11",
                "ends_on": "2031-0{n}-20"}
                """,
            change: #"{"name": "День города", "grade_levels": [1]}"#,
            refused: [
                "holidays_dates": .init(
                    """
                    {"academic_year_id": "{empty_year_id}", "name": "x", "starts_on": "2031-04-20",
                    "ends_on": "2031-04-10"}
                    """, 422, "/ends_on before_start"),
                "holidays_school_id_academic_year_id_fkey": .init(
                    """
                    {"academic_year_id": "{strange_year_id}", "name": "x", "starts_on": "2031-04-10",
                    "ends_on": "2031-04-20"}
                    """, 422, "/academic_year_id unknown_reference"),
            ]),
        "BellSchedule": .init(
            body: """
                {"academic_year_id": "{empty_year_id}", "name": "Звонки {n}",
                "slots": [{"slot": {n}, "starts_at": "08:30", "ends_at": "09:15"}]}
                """,
            change: #"{"name": "Суббота", "weekday": 6, "slots": []}"#,
            refused: [
                "bell_slots_times": .init(
                    bells(#"{"slot": 1, "starts_at": "09:00", "ends_at": "08:40"}"#), 422, "/slots before_start"),
                "bell_slots_no_overlap": .init(
                    bells(
                        """
                        {"slot": 1, "starts_at": "09:00", "ends_at": "09:40"},
                        {"slot": 2, "starts_at": "09:30", "ends_at": "10:00"}
                        """), 422, "/slots overlap"),
                "bell_slots_pkey": .init(
                    bells(
                        """
                        {"slot": 1, "starts_at": "09:00", "ends_at": "09:40"},
                        {"slot": 1, "starts_at": "10:30", "ends_at": "11:00"}
                        """), 409, "/slots already_exists"),
            ],
            unreached: ["bell_slots_slot": earlier]),
        "Room": .init(
            body: #"{"name": "Р-{n}", "capacity": 30, "external_id": "r{n}"}"#,
            change: #"{"building": "Б", "capacity": null, "shared": true}"#,
            refused: [
                "rooms_name_key": .init(#"{"name": "Р-1"}"#, 409, "/name already_exists"),
                "rooms_external_id": .init(
                    #"{"name": "x", "external_id": "r1"}"#, 409, "/external_id already_exists"),
            ],
            unreached: ["lessons_room_no_overlap": "Only a change can violate it; TimetableEntriesTests."]),
        "Subject": .init(
            body: #"{"name": "Предмет {n}", "position": 7}"#,
            change: #"{"short_name": "П", "area": "Науки", "is_physical": true, "position": 0}"#,
            refused: [
                "subjects_name_key": .init(#"{"name": "Предмет 1"}"#, 409, "/name already_exists")
            ]),
        "Category": .init(
            body: #"{"name": "Работа {n}", "weight": 1.5}"#,
            change: #"{"name": "Зачёт", "is_control": true, "position": 3}"#,
            refused: [
                "categories_name_key": .init(#"{"name": "Работа 1"}"#, 409, "/name already_exists")
            ]),
        "AttendanceCode": .init(
            body: #"{"code": "Ы{n}", "meaning": "late", "name": "Опоздание"}"#,
            change: #"{"code": "Э", "name": "Опоздал", "position": 4}"#,
            refused: [
                "attendance_codes_code_key": .init(
                    #"{"code": "Ы1", "meaning": "ill", "name": "x"}"#, 409, "/code already_exists"),
                "attendance_codes_one_default": .init(
                    #"{"code": "Ю", "meaning": "late", "name": "x", "is_default": true}"#, 409,
                    "/is_default already_exists"),
            ]),
        "Class": .init(
            body: """
                {"academic_year_id": "{empty_year_id}", "grade_level": 5, "letter": "Щ{n}", "name": "5Щ{n}"}
                """,
            change: #"{"letter": "Ъ", "name": "5Ъ", "profile": "Физика"}"#,
            refused: [
                "classes_name_key": .init(
                    """
                    {"academic_year_id": "{empty_year_id}", "grade_level": 5, "letter": "x", "name": "5Щ1"}
                    """, 409, "/name already_exists"),
                "groups_school_id_academic_year_id_fkey": .init(
                    #"{"academic_year_id": "{nothing}", "grade_level": 5, "letter": "x", "name": "5х"}"#, 422,
                    "/academic_year_id unknown_reference"),
            ],
            unreached: ["classes_school_id_group_id_academic_year_id_fkey": "The class creates its own group."]),
        "ClassTeacher": .init(
            path: "classes/{class_id}/teachers",
            body: #"{"teacher_id": "{teacher_id}", "starts_on": "2025-0{n}-01", "ends_on": "2025-0{n}-20"}"#,
            change: #"{"starts_on": "2025-01-02", "ends_on": "2025-01-19"}"#,
            refused: [
                "class_teachers_dates": .init(
                    #"{"teacher_id": "{teacher_id}", "starts_on": "2025-05-20", "ends_on": "2025-05-01"}"#, 422,
                    "/ends_on before_start"),
                "class_teachers_one_at_a_time": .init(
                    #"{"teacher_id": "{other_teacher_id}", "starts_on": "2025-01-10", "ends_on": "2025-01-11"}"#,
                    409, "/starts_on overlap"),
                "class_teachers_acting": .init(
                    #"{"teacher_id": "{teacher_id}", "starts_on": "2025-05-01", "acting": true}"#, 422,
                    "/ends_on required"),
                "class_teachers_school_id_teacher_id_fkey": .init(
                    #"{"teacher_id": "{student_1}", "starts_on": "2025-05-10", "ends_on": "2025-05-11"}"#, 422,
                    "/teacher_id unknown_reference"),
            ]),
        "Group": .init(
            body: #"{"academic_year_id": "{academic_year_id}", "kind": "cross", "name": "Сводная {n}"}"#,
            change: #"{"name": "Хор", "grade_level": 7}"#,
            refused: [
                "groups_class": .init(
                    #"{"academic_year_id": "{academic_year_id}", "kind": "part", "name": "x"}"#, 422,
                    "/class_id part_of_a_class"),
                "groups_class_fkey": .init(
                    """
                    {"academic_year_id": "{academic_year_id}", "kind": "part", "name": "x", "class_id": "{nothing}"}
                    """, 422, "/class_id unknown_reference"),
            ]),
        "GroupMember": .init(
            path: "groups/{group_id}/members",
            body: #"{"student_id": "{newcomer_id}", "starts_on": "2026-0{n}-01", "ends_on": "2026-0{n}-20"}"#,
            change: #"{"starts_on": "2026-01-02", "ends_on": "2026-01-19"}"#,
            refused: [
                "group_members_dates": .init(
                    #"{"student_id": "{newcomer_id}", "starts_on": "2026-05-20", "ends_on": "2026-05-01"}"#, 422,
                    "/ends_on before_start"),
                "group_members_no_overlap": .init(
                    #"{"student_id": "{newcomer_id}", "starts_on": "2026-01-10", "ends_on": "2026-01-11"}"#, 409,
                    "/starts_on overlap"),
            ],
            unreached: [
                "group_members_in_class_student_id": Self.elsewhere, "group_members_in_class_starts_on": Self.elsewhere,
                "group_members_in_class_ends_on": Self.elsewhere,
            ]),
        "Section": .init(
            body: """
                {"academic_year_id": "{academic_year_id}", "subject_id": "{subject_id}", "group_id": "{group_id}",
                "kind": "elective", "name": "Курс {n}", "hours_per_week": 1.5}
                """,
            change: #"{"kind": "extracurricular", "grading": "none", "name": "Кружок"}"#,
            refused: [
                "sections_school_id_group_id_academic_year_id_fkey": .init(
                    """
                    {"academic_year_id": "{empty_year_id}", "subject_id": "{subject_id}", "group_id": "{group_id}",
                    "name": "x"}
                    """, 422, "/group_id unknown_reference"),
                "sections_school_id_subject_id_fkey": .init(
                    """
                    {"academic_year_id": "{academic_year_id}", "subject_id": "{nothing}", "group_id": "{group_id}",
                    "name": "x"}
                    """, 422, "/subject_id unknown_reference"),
            ],
            unreached: [
                "sections_grading": "Only a change can violate it; SectionsTests.",
                "sections_year_archived": "Only a change can violate it; TimetableEntriesTests.",
                "sections_entries_archived": "Only a change can violate it; TimetableEntriesTests.",
            ]),
        "SectionTeacher": .init(
            path: "sections/{section_id}/teachers",
            body: """
                {"teacher_id": "{teacher_id}", "role": "co", "starts_on": "2025-0{n}-01", "ends_on": "2025-0{n}-20"}
                """,
            change: #"{"role": "lead", "starts_on": "2025-01-02", "ends_on": "2025-01-19"}"#,
            refused: [
                "section_teachers_dates": .init(
                    #"{"teacher_id": "{teacher_id}", "starts_on": "2025-05-20", "ends_on": "2025-05-01"}"#, 422,
                    "/ends_on before_start"),
                "section_teachers_no_overlap": .init(
                    """
                    {"teacher_id": "{teacher_id}", "role": "co", "starts_on": "2025-01-10", "ends_on": "2025-01-11"}
                    """, 409, "/starts_on overlap"),
                "section_teachers_one_lead": .init(
                    #"{"teacher_id": "{other_teacher_id}", "role": "lead", "starts_on": "2025-10-01"}"#, 409,
                    "/starts_on overlap"),
            ]),
        "TimetableEntry": .init(
            body: """
                {"section_id": "{section_id}", "bell_schedule_id": "{bell_schedule_id}", "weekday": 6, "slot": {n},
                "starts_on": "2025-09-01"}
                """,
            change: #"{"weekday": 7, "week": "odd", "room_id": "{room_id}", "ends_on": "2025-12-01"}"#,
            refused: [
                "timetable_entries_dates": .init(
                    """
                    {"section_id": "{section_id}", "bell_schedule_id": "{bell_schedule_id}", "weekday": 6,
                    "slot": 5, "starts_on": "2025-09-10", "ends_on": "2025-09-01"}
                    """, 422, "/ends_on before_start"),
                "timetable_entries_no_overlap": .init(
                    """
                    {"section_id": "{section_id}", "bell_schedule_id": "{bell_schedule_id}", "weekday": 6,
                    "slot": 1, "starts_on": "2025-10-01"}
                    """, 409, "/starts_on overlap"),
                "timetable_entries_in_year_starts_on": .init(
                    """
                    {"section_id": "{section_id}", "bell_schedule_id": "{bell_schedule_id}", "weekday": 6,
                    "slot": 5, "starts_on": "2027-09-10"}
                    """, 422, "/starts_on outside_year"),
                "timetable_entries_in_year_ends_on": .init(
                    """
                    {"section_id": "{section_id}", "bell_schedule_id": "{bell_schedule_id}", "weekday": 6,
                    "slot": 5, "starts_on": "2024-09-10", "ends_on": "2024-09-11"}
                    """, 422, "/ends_on outside_year"),
                "timetable_entries_school_id_room_id_fkey": .init(
                    """
                    {"section_id": "{section_id}", "bell_schedule_id": "{bell_schedule_id}", "weekday": 6,
                    "slot": 5, "starts_on": "2025-09-01", "room_id": "{nothing}"}
                    """, 422, "/room_id unknown_reference"),
            ]),
        "Lesson": .init(
            body: """
                {"section_id": "{section_id}", "date": "2025-11-1{n}", "bell_schedule_id": "{bell_schedule_id}",
                "slot": 1, "room_id": "{room_id}"}
                """,
            change: #"{"room_id": null, "teacher_id": null, "state": "cancelled", "external_id": "l"}"#,
            refused: [
                "lessons_teacher_no_overlap": .init(
                    """
                    {"section_id": "{section_id}", "date": "2025-11-11", "bell_schedule_id": "{bell_schedule_id}",
                    "slot": 1}
                    """, 409, "/teacher_id teacher_overlap"),
                "lessons_room_no_overlap": .init(
                    """
                    {"section_id": "{section_id}", "date": "2025-11-11", "bell_schedule_id": "{bell_schedule_id}",
                    "slot": 1, "room_id": "{room_id}", "teacher_id": "{manager_id}"}
                    """, 409, "/room_id room_overlap"),
                "lessons_section_no_overlap": .init(
                    """
                    {"section_id": "{section_id}", "date": "2025-11-11", "bell_schedule_id": "{bell_schedule_id}",
                    "slot": 1, "teacher_id": "{manager_id}"}
                    """, 409, "/slot section_overlap"),
                "lessons_bell_slot": .init(
                    """
                    {"section_id": "{section_id}", "date": "2025-11-11", "bell_schedule_id": "{bell_schedule_id}",
                    "slot": 15}
                    """, 422, "/slot unknown_reference"),
                "lessons_school_id_room_id_fkey": .init(
                    """
                    {"section_id": "{section_id}", "date": "2025-11-11", "bell_schedule_id": "{bell_schedule_id}",
                    "slot": 3, "room_id": "{nothing}"}
                    """, 422, "/room_id unknown_reference"),
                "lessons_school_id_teacher_id_fkey": .init(
                    """
                    {"section_id": "{section_id}", "date": "2025-11-11", "bell_schedule_id": "{bell_schedule_id}",
                    "slot": 3, "teacher_id": "{nothing}"}
                    """, 422, "/teacher_id unknown_reference"),
                "lessons_school_id_section_id_fkey": .init(
                    """
                    {"section_id": "{nothing}", "date": "2025-11-11", "bell_schedule_id": "{bell_schedule_id}", "slot": 3}
                    """, 422, "/section_id unknown_reference"),
            ]),
        "CurriculumPlan": .init(
            body: plan(
                #"{"id": "0198d49b-2971-7734-bf85-4d8e3c91000{n}", "title": "Степень", "external_id": "t{n}"}"#,
                units: #"{"id": "0198d49b-2971-7734-bf85-4d8e3c92000{n}", "title": "Раздел"}"#),
            change: #"{"title": "Другой план", "external_id": null, "topics": [], "units": []}"#,
            refused: [
                "plan_topics_pkey": .init(plan(topic + ", " + topic), 409, "/topics already_exists"),
                "plan_topics_external_id": .init(
                    plan(topic.replacing("\"external_id\": null", with: "\"external_id\": \"t1\"")), 409,
                    "/topics already_exists"),
                "plan_topics_hours": .init(
                    plan(topic.replacing("\"hours\": 1", with: "\"hours\": 0")), 422, "/topics invalid"),
                "plan_topics_school_id_unit_id_plan_id_fkey": .init(
                    plan(topic.replacing("\"unit_id\": null", with: "\"unit_id\": \"{nothing}\"")), 422,
                    "/topics unknown_reference"),
                "plan_units_pkey": .init(
                    plan("", units: unit + ", " + unit), 409, "/units already_exists"),
                "curriculum_plans_school_id_section_id_fkey": .init(
                    plan("").replacing("\"section_id\": null", with: "\"section_id\": \"{nothing}\""), 422,
                    "/section_id unknown_reference"),
            ],
            unreached: [
                "curriculum_plans_one_per_section": elsewhereForPlans, "plan_units_used": elsewhereForPlans,
                "lessons_school_id_plan_topic_id_fkey": elsewhereForPlans,
                "curriculum_plans_approval": "The trigger sets who approved it.",
            ]),
        "Enrollment": .init(
            body: """
                {"student_id": "{newcomer_id}", "class_id": "{class_id}", "starts_on": "2026-0{n}-01",
                "ends_on": "2026-0{n}-20"}
                """,
            change: """
                {"starts_on": "2026-01-02", "ends_on": "2026-01-19", "end_reason": "Переезд", "order_id": "{order_id}",
                "end_order_id": "{order_id}"}
                """,
            refused: [
                "enrollments_end_order_id": .init(
                    """
                    {"student_id": "{newcomer_id}", "class_id": "{class_id}", "starts_on": "2026-06-01",
                    "end_order_id": "{order_id}"}
                    """, 422, "/end_order_id without_end"),
                "enrollments_dates": .init(
                    """
                    {"student_id": "{newcomer_id}", "class_id": "{class_id}", "starts_on": "2026-05-20",
                    "ends_on": "2026-05-01"}
                    """, 422, "/ends_on before_start"),
                "enrollments_no_overlap": .init(
                    """
                    {"student_id": "{newcomer_id}", "class_id": "{class_id}", "starts_on": "2026-01-10",
                    "ends_on": "2026-01-11"}
                    """, 409, "/starts_on overlap"),
            ]),
        "Student": .init(
            body: #"{"last_name": "Тестов{n}", "first_name": "Лев", "external_id": "s{n}", "phone": "+7{n}"}"#,
            change: #"{"middle_name": "Ильич", "sex": "male", "health_group": 2, "other_phones": ["+79"]}"#,
            refused: [
                "users_external_id": .init(
                    #"{"last_name": "x", "first_name": "x", "external_id": "s1"}"#, 409,
                    "/external_id already_exists")
            ],
            unreached: ["users_name": earlier]),
        "Guardian": .init(
            body: #"{"last_name": "Опекунов{n}", "first_name": "Лев", "email": "a@example.org"}"#,
            change: #"{"address": "Екатеринбург", "workplace": "Завод", "email": null}"#,
            refused: [
                "users_person": .init(
                    #"{"last_name": "x", "first_name": "x", "user_id": "{nothing}"}"#, 422,
                    "/user_id unknown_reference")
            ],
            unreached: ["users_name": earlier]),
        "Guardianship": .init(
            path: "students/{student_1}/guardians",
            body: """
                {"guardian_id": "{other_guardian_id}", "relation": "legal_guardian", "starts_on": "2025-0{n}-01",
                "ends_on": "2025-0{n}-20"}
                """,
            change: #"{"relation": "mother", "basis": "Свидетельство"}"#,
            refused: [
                "guardianships_dates": .init(
                    """
                    {"guardian_id": "{other_guardian_id}", "relation": "mother", "starts_on": "2025-05-20",
                    "ends_on": "2025-05-01"}
                    """, 422, "/ends_on before_start"),
                "guardianships_no_overlap": .init(
                    """
                    {"guardian_id": "{other_guardian_id}", "relation": "mother", "starts_on": "2025-01-10",
                    "ends_on": "2025-01-11"}
                    """, 409, "/starts_on overlap"),
                "guardianships_guardian_id": .init(
                    #"{"guardian_id": "{nothing}", "relation": "mother", "starts_on": "2025-05-10"}"#, 422,
                    "/guardian_id unknown_reference"),
            ],
            unreached: [
                "guardianships_self": "Only a person who is both student and guardian can violate it.",
                "guardianships_basis": "Only after access was closed; OwnGuardianshipTests.",
            ]),
        "Consent": .init(
            path: "students/{student_1}/consents",
            body: """
                {"purpose": "photo", "given_by": "{guardian_id}", "given_on": "2025-0{n}-01",
                "withdrawn_on": "2025-0{n}-20"}
                """,
            change: #"{"withdrawn_on": "2025-01-19", "document": "Заявление"}"#,
            refused: [
                "consents_dates": .init(
                    """
                    {"purpose": "photo", "given_by": "{guardian_id}", "given_on": "2025-05-20",
                    "withdrawn_on": "2025-05-01"}
                    """, 422, "/withdrawn_on before_start"),
                "consents_giver": .init(
                    #"{"purpose": "photo", "given_by": "{teacher_id}", "given_on": "2025-05-10"}"#, 422,
                    "/given_by not_entitled"),
                "consents_given_on": .init(
                    #"{"purpose": "photo", "given_by": "{guardian_id}", "given_on": "2025-12-10"}"#, 422,
                    "/given_on in_the_future"),
                "consents_one_at_a_time": .init(
                    #"{"purpose": "photo", "given_by": "{guardian_id}", "given_on": "2025-01-10"}"#, 409,
                    "/given_on overlap"),
                "consents_school_id_given_by_fkey": .init(
                    #"{"purpose": "photo", "given_by": "{nothing}", "given_on": "2025-05-10"}"#, 422,
                    "/given_by unknown_reference"),
            ],
            unreached: ["consents_withdrawal": "Only a change can violate it; PeopleTests."]),
        "AbsenceNote": .init(
            body: """
                {"student_id": "{student_1}", "starts_on": "2025-10-0{n}", "ends_on": "2025-10-1{n}", "reason": "Грипп"}
                """,
            change: #"{"ends_on": "2025-10-20", "reason": "ОРВИ", "document": "Справка 17"}"#,
            refused: [
                "absence_notes_dates": .init(
                    """
                    {"student_id": "{student_1}", "starts_on": "2025-10-02", "ends_on": "2025-10-01", "reason": "x"}
                    """, 422, "/ends_on before_start"),
                "absence_notes_length": .init(
                    """
                    {"student_id": "{student_1}", "starts_on": "2025-10-02", "ends_on": "2026-10-03", "reason": "x"}
                    """, 422, "/ends_on too_long"),
                "absence_notes_enrolled": .init(
                    """
                    {"student_id": "{student_1}", "starts_on": "2001-10-02", "ends_on": "2001-10-02", "reason": "x"}
                    """, 422, "/starts_on not_enrolled"),
                "absence_notes_accepted": .init(
                    """
                    {"student_id": "{student_1}", "starts_on": "2025-10-02", "ends_on": "2025-10-02", "reason": "x",
                    "meaning": "ill"}
                    """, 422, "/meaning only_when_accepted"),
                "absence_notes_school_id_student_id_fkey": .init(
                    """
                    {"student_id": "{nothing}", "starts_on": "2025-10-02", "ends_on": "2025-10-02", "reason": "x"}
                    """, 422, "/student_id unknown_reference"),
            ]),
        "JournalRemark": .init(
            body: #"{"section_id": "{section_id}", "text": "Нет тем {n}", "due_on": "2099-10-0{n}"}"#,
            change: #"{"text": "Нет тем и заданий", "due_on": "2099-11-01"}"#,
            refused: [
                "journal_remarks_due_on": .init(
                    #"{"section_id": "{section_id}", "text": "x", "due_on": "2001-10-01"}"#, 422, "/due_on in_the_past"),
                "journal_remarks_school_id_section_id_fkey": .init(
                    #"{"section_id": "{nothing}", "text": "x", "due_on": "2099-10-01"}"#, 422,
                    "/section_id unknown_reference"),
            ], unreached: ["journal_remarks_answered": "The trigger of the table decides first."]),
        "ControlSnapshot": .init(
            body: #"{"starts_on": "2025-09-0{n}", "ends_on": "2025-09-1{n}", "note": "Проверка {n}"}"#,
            change: #"{"note": "Проверка завуча"}"#,
            refused: [
                "control_snapshots_dates": .init(
                    #"{"starts_on": "2025-09-02", "ends_on": "2025-09-01"}"#, 422, "/ends_on before_start"),
                "control_snapshots_length": .init(
                    #"{"starts_on": "2025-09-01", "ends_on": "2026-09-02"}"#, 422, "/ends_on too_long"),
                "control_snapshots_in_year": .init(
                    #"{"starts_on": "2001-09-01", "ends_on": "2001-09-02"}"#, 422, "/starts_on outside_year"),
            ], unreached: ["control_snapshots_once": "Only the server takes the snapshots of weeks and terms."]),
        "Contact": .init(
            body: """
                {"student_id": "{student_1}", "date": "2025-10-0{n}", "means": "phone", "outcome": "reached",
                "text": "Собрание {n}"}
                """,
            change: """
                {"date": "2025-10-20", "means": "slip", "outcome": "not_reached", "text": "Экскурсия"}
                """,
            refused: [
                "contacts_date": .init(
                    """
                    {"student_id": "{student_1}", "date": "2099-10-01", "means": "phone", "outcome": "reached", "text": "x"}
                    """, 422, "/date in_the_future"),
                "contacts_subject": .init(
                    #"{"student_id": "{student_1}", "date": "2025-10-01", "means": "phone", "outcome": "reached"}"#,
                    422,
                    "/text required"),
                "contacts_entity_id": .init(
                    """
                    {"student_id": "{student_1}", "date": "2025-10-01", "means": "phone", "outcome": "reached", "text": "x",
                    "entity": "notifications"}
                    """, 422, "/entity_id incomplete"),
                "contacts_about": .init(
                    """
                    {"student_id": "{student_1}", "date": "2025-10-01", "means": "phone", "outcome": "reached",
                    "entity": "notifications", "entity_id": "{nothing}"}
                    """, 422, "/entity_id unknown_reference"),
                "contacts_school_id_student_id_fkey": .init(
                    """
                    {"student_id": "{nothing}", "date": "2025-10-01", "means": "phone", "outcome": "reached", "text": "x"}
                    """, 422, "/student_id unknown_reference"),
                "contacts_school_id_guardian_id_fkey": .init(
                    """
                    {"student_id": "{student_1}", "guardian_id": "{nothing}", "date": "2025-10-01", "means": "phone",
                    "outcome": "reached", "text": "x"}
                    """, 422, "/guardian_id unknown_reference"),
            ]),
        "StudentDocument": .init(
            path: "students/{student_1}/documents",
            body: #"{"kind": "other", "number": "Х-{n}"}"#,
            change: #"{"number": "Х-9", "issued_by": "МФЦ", "issued_on": "2020-01-01"}"#,
            refused: [
                "student_documents_number": .init(
                    #"{"kind": "passport", "series": "6512", "number": "1"}"#, 422, "/number invalid_number"),
                "student_documents_series": .init(
                    #"{"kind": "passport", "series": "x", "number": "123456"}"#, 422, "/series invalid_series"),
            ]),
        "StaffMember": .init(
            body: #"{"last_name": "Учителев{n}", "first_name": "Лев", "position": "Учитель", "roles": ["teacher"]}"#,
            change: #"{"position": "Завуч", "roles": ["deputy_head", "teacher"], "hired_on": "2020-09-01"}"#,
            refused: [
                "staff_dates": .init(
                    """
                    {"last_name": "x", "first_name": "x", "hired_on": "2025-05-20", "left_on": "2025-05-01"}
                    """, 422, "/left_on before_start"),
                "users_person": .init(
                    #"{"last_name": "x", "first_name": "x", "user_id": "{nothing}"}"#, 422,
                    "/user_id unknown_reference"),
            ],
            unreached: ["users_name": earlier]),
        "Client": .init(
            body: """
                {"kind": "app", "name": "Приложение {n}", "redirect_uris": ["https://app.example/{n}"],
                "scopes": ["person"]}
                """,
            change: #"{"name": "Дневник", "state": "blocked", "requests_per_minute": 100}"#,
            refused: [
                "clients_name_key": .init(
                    #"{"kind": "integration", "name": "Приложение 1", "scopes": ["school.read"]}"#, 409,
                    "/name already_exists"),
                "clients_redirect_uris": .init(
                    #"{"kind": "app", "name": "x", "scopes": ["person"]}"#, 422, "/redirect_uris only_of_apps"),
                "clients_scopes": .init(
                    #"{"kind": "integration", "name": "x", "scopes": ["person"]}"#, 422, "/scopes not_of_this_kind"),
            ]),
    ]

    private static func term(_ from: String, _ to: String, _ close: String, year: String = "{empty_year_id}") -> String
    {
        """
        {"academic_year_id": "\(year)", "kind": "quarter", "ordinal": 4, "name": "x", "starts_on": "\(from)",
        "ends_on": "\(to)", "marks_close_on": "\(close)", "grade_levels": [5]}
        """
    }

    private static func bells(_ slots: String) -> String {
        #"{"academic_year_id": "{empty_year_id}", "name": "x", "slots": [\#(slots)]}"#
    }
}
