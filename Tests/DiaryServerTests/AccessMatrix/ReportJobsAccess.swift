extension AccessMatrix {
    /// Jobs of reports: each person's own.
    static let reportJobs = Result {
        try AccessTable(
            """
                                 nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            listReportJobs       401 200  []  []  []  [] |  []  []  []  []  [] |  []  []  [] |  [] |  [] 403 403
            createReportJob      401 422 422 422 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 422 403 403
            # A report for the class teacher of today and for heads.
            createReportJob/class 401 403 403 403 403 403 | 403 403 403 201 404 | 201 201 403 | 404 | 201 403 403
            getReportJob         401 200 404 404 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            # It is not ready.
            getReportJobResult   401 409 404 404 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            deleteReportJob      401 204 404 404 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            """,
            [
                "listReportJobs": AccessRequest(before: job),
                "createReportJob/class": AccessRequest(
                    body: #"{"report": "class-register", "format": "csv", "parameters": {"class_id": "{class_id}"}}"#,
                    before: "DELETE FROM report_jobs"),
                "getReportJob": AccessRequest(before: job),
                "getReportJobResult": AccessRequest(before: job),
                "deleteReportJob": AccessRequest(before: job),
            ])
    }

    /// A job of the student, which nobody makes.
    private static let job = """
        INSERT INTO report_jobs (school_id, id, person_id, report, format, parameters, language)
        VALUES ({school_id}, '{report_job_id}', '{student_id}', 'report-card', 'pdf', '{}', 'ru')
        ON CONFLICT DO NOTHING
        """
}
