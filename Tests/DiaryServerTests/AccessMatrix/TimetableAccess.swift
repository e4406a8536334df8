import DiaryTestSupport

extension AccessMatrix {
    /// Substitutions, the timetable, and links to calendars.
    static let timetable = Result {
        try AccessTable(
            """
                                       nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # L2: staff read the sheet; managers make substitutions and take them back.
            listSubstitutions          401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 403
            createSubstitution         401 403 403 403 403 403 | 403 403 403 403 403 | 422 422 422 | 422 | 403 403 403
            createSubstitution/lesson  401 403 403 403 403 403 | 403 403 403 403 403 | 409 409 409 | 422 | 403 403 403
            getSubstitution            401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            takeBackSubstitution       401 403 403 403 403 403 | 403 403 403 403 403 | 204 204 204 | 404 | 403 403 403
            listSubstitutes            401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 404 | 403 403 403
            # A1: families see their own student's timetable, and no class.
            getTimetable               401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            getTimetable/student       401 200 404 200 404 404 | 200 404 404 200 404 | 200 200 200 | 404 | 200 404 403
            getTimetable/teacher       401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            getTimetable/room          401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            # Each person's own links, and only with the school's own apps.
            listCalendarLinks          401  []  []  []  []  [] |  []  []  []  []  [] | 200  []  [] |  [] | 403 403 403
            createCalendarLink         401 422 422 422 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 403 403 403
            createCalendarLink/student 401 201 404 201 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 403 403 403
            createCalendarLink/class   401 404 404 404 404 404 | 404 404 404 201 404 | 201 201 201 | 404 | 403 403 403
            createCalendarLink/teacher 401 404 404 404 404 404 | 201 404 404 404 404 | 201 201 201 | 404 | 403 403 403
            deleteCalendarLink         401 404 404 404 404 404 | 404 404 404 404 404 | 204 404 404 | 404 | 403 403 403
            # The secret opens it to anybody.
            getCalendar                404 404 404 404 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 404 404 404
            getCalendar/secret         200 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 200
            """,
            [
                "listSubstitutions": AccessRequest(query: "?from=2025-10-20&to=2025-11-19"),
                "createSubstitution/lesson": AccessRequest(body: #"{"kind": "cancel", "lesson_id": "{lesson_id}"}"#),
                "takeBackSubstitution": AccessRequest(ids: ["substitution_id": "{substitution_id}"]),
                "getTimetable": AccessRequest(query: "?class_id={class_id}"),
                "getTimetable/student": AccessRequest(query: "?student_id={student_id}"),
                "getTimetable/teacher": AccessRequest(query: "?teacher_id={teacher_id}"),
                "getTimetable/room": AccessRequest(query: "?room_id={room_id}"),
                "createCalendarLink/student": AccessRequest(
                    body: #"{"student_id": "{student_id}"}"#, before: withoutLinks),
                "createCalendarLink/class": AccessRequest(body: #"{"class_id": "{class_id}"}"#, before: withoutLinks),
                "createCalendarLink/teacher": AccessRequest(
                    body: #"{"teacher_id": "{teacher_id}"}"#, before: withoutLinks),
                "getCalendar": AccessRequest(ids: ["calendar_secret": "k_1_00000000000070008000000000000002_AAAA"]),
                "getCalendar/secret": AccessRequest(before: link),
                "deleteCalendarLink": AccessRequest(before: link),
            ])
    }

    private static let withoutLinks = "DELETE FROM calendar_links WHERE id <> '{calendar_link_id}'"

    /// A link of the deputy head. The secret is 32 zero bytes.
    private static let link = """
        DELETE FROM calendar_links;
        SELECT set_config('lyceum.school_id', '{school_id}', false), set_config('lyceum.today', '2025-11-19', false);
        INSERT INTO calendar_links (school_id, id, owner_id, class_id, secret_hash)
        SELECT school_id, '{calendar_link_id}', id, '{class_id}', sha256(decode(repeat('00', 32), 'hex'))
        FROM users WHERE school_id = {school_id} AND login = 'deputy'
        """
}
