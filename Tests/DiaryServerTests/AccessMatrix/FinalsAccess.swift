extension AccessMatrix {
    /// Final marks, averages, debts, and marks for conduct.
    static let finals = Result {
        try AccessTable(
            """
                                       nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # A4: as the journal; only teachers of the section write. 409 is `not_your_section`.
            listSectionFinals          401 403 403 403 403 403 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            putSectionFinals           401 403 403 403 403 403 | 200 404 409 409 404 | 403 403 403 | 404 | 409 403 403
            # A1, A3: as the marks.
            listStudentFinals          401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            listStudentAverages        401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            listStudentGoals           401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            listStudentDebts           401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            # M13: administrators read no marks, and so no debts.
            listDebts                  401 403 403 403 403 403 | 403 403 403 200  [] | 200 200 403 | 200 | 200 200 403
            getDebt                    401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 200 403
            listDebtAttempts           401 403 403 403 403 403 | 403 403 403 200  [] | 200 200 403 | 200 | 200 403 403
            createDebtAttempt          401 403 403 403 403 403 | 403 403 403 403 403 | 422 422 403 | 422 | 403 403 403
            getDebtAttempt             401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            updateDebtAttempt          401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 403 | 404 | 403 403 403
            deleteDebtAttempt          401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 403 | 404 | 403 403 403
            # M14: class teachers give them.
            listConductMarks           401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            createConductMark          401 403 403 403 403 403 | 403 403 403 422 422 | 403 403 403 | 403 | 422 403 403
            getConductMark             401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            updateConductMark          401 403 403 403 403 403 | 403 403 403 412 404 | 403 403 403 | 403 | 412 403 403
            deleteConductMark          401 403 403 403 403 403 | 403 403 403 412 404 | 403 403 403 | 403 | 412 403 403
            # M11
            listSubjectParts           401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            createSubjectPart          401 403 403 403 403 403 | 403 403 403 403 403 | 422 422 422 | 422 | 403 403 403
            getSubjectPart             401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            updateSubjectPart          401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 412 | 404 | 403 403 403
            deleteSubjectPart          401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 412 | 404 | 403 403 403
            """,
            [
                // Clears a final mark that does not exist.
                "putSectionFinals": AccessRequest(
                    body: """
                        {"finals": [{"student_id": "{unmarked_id}", "kind": "exam", "value": null, "version": 0}]}
                        """),
                "listStudentGoals": AccessRequest(query: "?subject_id={marked_subject_id}&target=5"),
            ])
    }
}
