extension AccessMatrix {
    /// Consultations (C4): one of the guardian.
    static let consultations = Result {
        try AccessTable(
            """
                                        nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            listConsultations           401  []  [] 200  []  [] |  []  []  []  []  [] |  []  [] 200 | 200 |  [] 403 403
            getConsultation             401 404 404 200 404 404 | 404 404 404 404 404 | 404 404 200 | 404 | 404 403 403
            listConsultationMessages    401 404 404 200 404 404 | 404 404 404 404 404 | 404 404 200 | 404 | 404 403 403
            updateConsultation          401 404 404 412 404 404 | 404 404 404 404 404 | 404 404 412 | 404 | 404 403 403
            # An administrator answers, the asker asks.
            createConsultationMessage   401 422 422 422 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 422 403 403
            createConsultationMessage/question 401 404 404 201 404 404 | 404 404 404 404 404 | 404 404 403 | 404 | 404 403 403
            createConsultationMessage/answer   401 404 404 403 404 404 | 404 404 404 404 404 | 404 404 201 | 404 | 404 403 403
            # Everybody asks; an administrator also writes down what others ask.
            createConsultation          401 422 422 422 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 422 403 403
            createConsultation/own      401 201 201 201 201 201 | 201 201 201 201 201 | 201 201 201 | 201 | 201 403 403
            createConsultation/desk     401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 201 | 422 | 403 403 403
            """,
            [
                "createConsultationMessage/question": AccessRequest(body: #"{"kind": "question", "text": "Где?"}"#),
                "createConsultationMessage/answer": AccessRequest(body: #"{"kind": "answer", "text": "Здесь."}"#),
                "createConsultation/own": AccessRequest(body: new("")),
                "createConsultation/desk": AccessRequest(body: new(#", "person_id": "{guardian_id}""#)),
            ])
    }

    private static func new(_ more: String) -> String {
        #"{"category": "other", "subject": "Т", "text": "Т"\#(more)}"#
    }
}
