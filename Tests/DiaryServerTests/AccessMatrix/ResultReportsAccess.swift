extension AccessMatrix {
    /// Reports about results.
    static let resultReports = Result {
        try AccessTable(
            """
                                        nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # A1, A3: as the final marks of a student.
            getReportCardReport         401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            getStudentProgressReport    401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            # The teacher; heads.
            getSectionResultsReport     401 403 403 403 403 403 | 200 404 404 404 404 | 200 200 403 | 404 | 404 403 403
            # The class teacher of today; heads.
            getClassResultsReport       401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            getPreliminaryResultsReport 401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            getSchoolResultsReport      401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 403 403
            # Class teachers have the debts of those whom they lead.
            getDebtsReport              401 403 403 403 403 403 | 403 403 403 200 200 | 200 200 403 | 200 | 200 403 403
            """,
            [
                "getReportCardReport": AccessRequest(query: "?student_id={student_id}"),
                "getStudentProgressReport": AccessRequest(query: "?student_id={student_id}"),
                "getSectionResultsReport": AccessRequest(query: "?teacher_id={teacher_id}"),
                "getClassResultsReport": AccessRequest(query: "?class_id={class_id}"),
                "getPreliminaryResultsReport": AccessRequest(query: "?class_id={class_id}"),
            ])
    }
}
