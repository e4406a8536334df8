extension AccessMatrix {
    /// Reports.
    static let reports = Result {
        try AccessTable(
            """
                                        nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            listReports                 401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 403
            # The class teacher of today, heads.
            getClassRegisterReport      401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            getAttendanceReport         401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            # A1, A3: the family, the class teacher, heads.
            getStudentDiaryReport       401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            # M9: everybody; it names no student.
            getAssessmentScheduleReport 401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            # A4: who teaches or has taught the section, also as a substitute, heads.
            getJournalPageReport        401 403 403 403 403 403 | 200 404 200 404 404 | 200 200 403 | 404 | 404 403 403
            getSubstitutionLogReport    401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 403 403
            getPlanBaseReport           401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 403 403
            """,
            [
                "getClassRegisterReport": AccessRequest(query: "?class_id={class_id}"),
                "getAttendanceReport": AccessRequest(query: "?class_id={class_id}"),
                "getStudentDiaryReport": AccessRequest(query: "?student_id={student_id}"),
                "getAssessmentScheduleReport": AccessRequest(query: "?class_id={class_id}"),
                "getJournalPageReport": AccessRequest(query: "?section_id={section_id}"),
            ])
    }
}
