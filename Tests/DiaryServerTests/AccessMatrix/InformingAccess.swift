extension AccessMatrix {
    /// What class teachers tell families, and how they prove it (S5.3).
    static let informing = Result {
        try AccessTable(
            """
                                        nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # A1, A3: the family, the class teacher of today, heads.
            getStudentDigest            401 200 404 200 404 404 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            # S5.3: who informs the family. A3: the guardian whom the contact names. 422 is an unknown student.
            listContacts                401 403 403 200  []  [] | 403 403 403 200  [] | 200 200 403 | 200 | 200 403 403
            createContact               401 403 403 403 403 403 | 403 403 403 422 422 | 422 422 403 | 422 | 422 403 403
            createContact/child         401 403 403 403 403 403 | 403 403 403 201 422 | 201 201 403 | 422 | 201 403 403
            getContact                  401 403 403 200 404 404 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            # Only the author corrects it.
            updateContact               401 403 403 403 403 403 | 403 403 403 412 404 | 404 404 403 | 404 | 412 403 403
            deleteContact               401 403 403 403 403 403 | 403 403 403 412 404 | 404 404 403 | 404 | 412 403 403
            listContactHistory          401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            listInforming               401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            listUnreached               401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            """,
            [
                "createContact/child": AccessRequest(
                    body: """
                        {"student_id": "{student_id}", "date": "2025-11-18", "means": "phone", "outcome": "reached",
                        "text": "Собрание"}
                        """)
            ])
    }
}
