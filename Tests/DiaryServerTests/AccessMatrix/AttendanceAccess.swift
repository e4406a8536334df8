extension AccessMatrix {
    /// Absences, and what families and class teachers say about them.
    static let attendance = Result {
        try AccessTable(
            """
                                        nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # A1, A3: the family, the class teacher, heads.
            getStudentAttendance        401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            # T2: the class teacher's day.
            getClassAttendance          401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            putClassAttendance          401 403 403 403 403 403 | 403 403 403 422 422 | 403 403 403 | 403 | 422 403 403
            putClassAttendance/day      401 403 403 403 403 403 | 403 403 403 200 404 | 403 403 403 | 403 | 200 403 403
            listAttendanceTotals        401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            # T2: guardians with access write notes, the class teacher answers. 422 is an unknown student.
            listAbsenceNotes            401 200  [] 200  []  [] | 403 403 403 200  [] | 200 200 403 | 200 | 200 403 403
            createAbsenceNote           401 403 403 422 422 422 | 403 403 403 422 422 | 403 403 403 | 422 | 422 403 403
            createAbsenceNote/child     401 403 403 201 422 422 | 403 403 403 201 422 | 403 403 403 | 422 | 201 403 403
            getAbsenceNote              401 200 404 200 404 404 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            updateAbsenceNote           401 403 403 412 404 404 | 403 403 403 412 404 | 403 403 403 | 404 | 412 403 403
            deleteAbsenceNote           401 403 403 412 404 404 | 403 403 403 412 404 | 403 403 403 | 404 | 412 403 403
            """,
            [
                "putClassAttendance/day": AccessRequest(
                    body: #"{"days": [{"student_id": "{student_id}", "meaning": null, "version": 0}]}"#),
                "createAbsenceNote/child": AccessRequest(
                    body: """
                        {"student_id": "{student_id}", "starts_on": "2025-11-20", "ends_on": "2025-11-20", "reason": "Врач"}
                        """),
            ])
    }
}
