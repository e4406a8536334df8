extension AccessMatrix {
    /// Exports: the journal for heads and deputy heads, everything else for administrators as well. The integration of the
    /// matrix has `exports.read` alone, so it gets people only as pseudonyms.
    static let exports = Result {
        try AccessTable(
            """
                                       nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            exportTerms                401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 200 403
            exportSubjects             401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 200 403
            exportClasses              401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 200 403
            exportGroups               401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 200 403
            exportGroups/ofClass       401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 404 | 403 200 403
            exportSections             401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 200 403
            exportStaff                401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 403 403
            exportStaff/pseudonymous   401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 200 403
            exportStudents             401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 403 403
            exportStudents/pseudonymous 401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 200 403
            exportGuardians            401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 403 403
            exportGuardians/pseudonymous 401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 200 403
            exportEnrollments          401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 200 403
            exportLessons              401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 200 403
            exportHomework             401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 200 403
            exportMarks                401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 200 403
            exportMarks/ofClass        401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 404 | 403 200 403
            exportAttendance           401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 200 403
            exportFinals               401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 200 403
            """,
            [
                "exportGroups/ofClass": AccessRequest(query: "?class_id={class_id}"),
                "exportMarks/ofClass": AccessRequest(query: "?class_id={class_id}&from=2025-11-17&to=2025-11-19"),
                "exportStaff/pseudonymous": AccessRequest(query: "?pseudonymous=true"),
                "exportStudents/pseudonymous": AccessRequest(query: "?pseudonymous=true"),
                "exportGuardians/pseudonymous": AccessRequest(query: "?pseudonymous=true"),
                // A few days, so that the answers are short.
                "exportLessons": AccessRequest(query: days), "exportHomework": AccessRequest(query: days),
                "exportMarks": AccessRequest(query: days), "exportAttendance": AccessRequest(query: days),
            ])
    }

    private static let days = "?from=2025-11-17&to=2025-11-19"
}
