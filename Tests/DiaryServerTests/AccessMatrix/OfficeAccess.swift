import DiaryTestSupport

extension AccessMatrix {
    /// The school office: certificates, and reports for the administration.
    static let office = Result {
        try AccessTable(
            """
                                        nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # Managers.
            listCertificates            401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 403 403
            createCertificate           401 403 403 403 403 403 | 403 403 403 403 403 | 422 422 422 | 422 | 403 403 403
            getCertificate              401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 404 | 403 403 403
            updateCertificate           401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 412 | 404 | 403 403 403
            deleteCertificate           401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 412 | 404 | 403 403 403
            getOrderReport              401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 404 | 403 403 403
            # Heads; the class of the matrix is of grade 7.
            getCertificateRegisterReport 401 403 403 403 403 403 | 403 403 403 403 403 | 400 400 403 | 404 | 403 403 403
            getMovementReport           401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 403 403
            getPromotionReport          401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 403 403
            # Class teachers, as GET /v1/students/{student_id}/transfer-sheet.
            getTransferSheetReport      401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 403 | 404 | 200 403 403
            """,
            [
                "getCertificateRegisterReport": AccessRequest(query: "?class_id={class_id}"),
                "getOrderReport": AccessRequest(query: "?order_id={order_id}"),
                "getTransferSheetReport": AccessRequest(query: "?student_id={student_id}"),
            ])
    }
}
