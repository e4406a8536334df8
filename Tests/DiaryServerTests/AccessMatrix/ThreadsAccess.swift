import DiaryTestSupport

extension AccessMatrix {
    /// Threads, messages, reports. The thread is one of the teacher with the guardian, who has reported it.
    static let threads = Result {
        try AccessTable(
            """
                                    nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # C1: who may be written to; the substitute only on the day of the lesson.
            listRecipients          401 200 200 200  []  [] | 200 200 200 200 200 | 200 200 200 | 200 | 200 403 403
            createThreads           401 422 422 422 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 422 403 403
            createThreads/staff     401 200 422 200 422 422 | 422 422 422 200 422 | 200 200 200 | 422 | 200 403 403
            createThreads/guardian  401 422 422 422 422 422 | 200 422 422 200 422 | 200 200 422 | 422 | 200 403 403
            createThreads/class     401 404 404 404 404 404 | 200 404 404 200 404 | 200 200 404 | 404 | 200 403 403
            # A1, A3: the participants; the head while a report is open.
            listThreads             401  []  [] 200  []  [] | 200  []  []  []  [] |  []  []  [] |  [] |  [] 403 403
            getThread               401 404 404 200 404 404 | 200 404 404 404 404 | 404 200 404 | 404 | 404 403 403
            listThreadMessages      401 404 404 200 404 404 | 200 404 404 404 404 | 404 200 404 | 404 | 404 403 403
            createMessage           401 404 404 201 404 404 | 201 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            searchMessages          401  []  [] 200  []  [] | 200  []  []  []  [] |  []  []  [] |  [] |  [] 403 403
            getMessage              401 404 404 200 404 404 | 200 404 404 404 404 | 404 200 404 | 404 | 404 403 403
            updateMessage           401 404 404 412 404 404 | 412 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            listMessageVersions     401 403 403 403 403 403 | 403 403 403 403 403 | 403 200 403 | 404 | 403 403 403
            readThread              401 404 404 204 404 404 | 204 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            muteThread              401 404 404 204 404 404 | 204 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            unmuteThread            401 404 404 204 404 404 | 204 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            # C1: a family is not left out.
            leaveThread             401 404 404 409 404 404 | 409 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            # The guardian has a report about it already.
            reportThread            401 404 404 409 404 404 | 201 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            listReportedThreads     401 403 403 403 403 403 | 403 403 403 403 403 | 403 200 403 |  [] | 403 403 403
            closeReportedThread     401 403 403 403 403 403 | 403 403 403 403 403 | 403 200 403 | 404 | 403 403 403
            """,
            [
                "createThreads/staff": AccessRequest(
                    body: """
                        {"recipient_ids": ["{teacher_id}"], "student_id": "{student_id}", "subject": "Вопрос", "text": "Добрый день"}
                        """),
                "createThreads/guardian": AccessRequest(
                    body: """
                        {"recipient_ids": ["{guardian_id}"], "student_id": "{student_id}", "subject": "Вопрос", "text": "Добрый день"}
                        """, before: "DELETE FROM threads WHERE subject = 'Вопрос'"),
                "createThreads/class": AccessRequest(
                    body: #"{"class_id": "{class_id}", "subject": "Вопрос", "text": "Добрый день"}"#,
                    before: "DELETE FROM threads WHERE subject = 'Вопрос'"),
                "listThreads": AccessRequest(before: "DELETE FROM threads WHERE subject = 'Вопрос'"),
                "createMessage": AccessRequest(body: #"{"text": "Хорошо"}"#),
                "searchMessages": AccessRequest(query: "?q=%D0%BC%D1%83%D0%B7%D0%B5"),
                "updateMessage": AccessRequest(body: #"{"text": "Не едем"}"#),
                "readThread": AccessRequest(body: #"{"sequence": 1}"#),
                "reportThread": AccessRequest(body: #"{"reason": "Грубость"}"#),
                "closeReportedThread": AccessRequest(
                    body: #"{"note": "Поговорили"}"#,
                    before: """
                        UPDATE thread_reports SET closed_by = NULL, closed_at = NULL, note = NULL
                        WHERE id = '{thread_report_id}'
                        """),
            ])
    }
}
