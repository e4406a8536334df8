extension AccessMatrix {
    /// The control of journals: reports, remarks and snapshots.
    static let control = Result {
        try AccessTable(
            """
                                        nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # Heads and deputy heads.
            getJournalControlReport     401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 403 403
            getHomeworkLoadReport       401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 403 403
            getInformingFamiliesReport  401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 403 403
            listControlSnapshots        401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 403 403
            createControlSnapshot       401 403 403 403 403 403 | 403 403 403 403 403 | 422 422 403 | 422 | 403 403 403
            getControlSnapshot          401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 404 | 403 403 403
            updateControlSnapshot       401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 403 | 404 | 403 403 403
            # Teachers their own sections (A4).
            getAnomaliesReport          401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 403 | 200 | 200 403 403
            getPlanCoverageReport       401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 403 | 200 | 200 403 403
            # Teachers of the section read and answer; heads and deputy heads make remarks.
            listJournalRemarks          401 403 403 403 403 403 | 200  []  []  []  [] | 200 200 403 | 200 |  [] 403 403
            createJournalRemark         401 403 403 403 403 403 | 403 403 403 403 403 | 422 422 403 | 422 | 403 403 403
            getJournalRemark            401 403 403 403 403 403 | 200 404 404 404 404 | 200 200 403 | 404 | 404 403 403
            updateJournalRemark         401 403 403 403 403 403 | 412 404 404 404 404 | 412 412 403 | 404 | 404 403 403
            """)
    }
}
