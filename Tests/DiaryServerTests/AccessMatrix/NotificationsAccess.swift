import DiaryTestSupport

extension AccessMatrix {
    /// Everybody's own notifications. There is one, about the student, and nobody has read it.
    static let notifications = Result {
        try AccessTable(
            """
                                           nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # A1, A3: the student and guardians with access.
            listNotifications              401 200  []  200  []  [] |  []  []  []  []  [] |  []  []  [] |  [] |  [] 403 403
            markNotificationsRead          401 422 422 422 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 422 403 403
            markNotificationsRead/one      401 200 422 200 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 422 403 403
            getNotificationPreferences     401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 403 403
            setNotificationPreferences     401 412 412 412 412 412 | 412 412 412 412 412 | 412 412 412 | 412 | 412 403 403
            """,
            [
                "listNotifications": AccessRequest(before: one),
                "markNotificationsRead/one": AccessRequest(body: #"{"ids": ["\#(id)"]}"#, before: one),
                "setNotificationPreferences": AccessRequest(
                    body: #"{"school_quiet_hours": true, "quiet_hours": null, "kinds": []}"#),
            ])
    }

    private static let id = "00000000-0000-7000-8000-000000000024"
    private static let one = """
        DELETE FROM notifications;
        INSERT INTO notifications (school_id, id, student_id, kind, entity, entity_id)
        SELECT school_id, '\(id)', id, 'mark', 'marks', '{mark_id}' FROM students WHERE id = '{student_id}'
        """
}
