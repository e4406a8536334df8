extension AccessMatrix {
    /// Routes that are open to everybody.
    static let service = Result {
        try AccessTable(
            """
                                       nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # No data of a school.
            getLivez                   200 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 200
            getReadyz                  200 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 200
            getOpenAPIJSON             200 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 200
            getOpenAPIYAML             200 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 200
            getStart                   200 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 200
            getDocs                    200 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 200
            getRedoc                   200 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 200
            getDocsRedirect            200 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 200
            # Open to all; the version in the path is not the one that is served (DocumentsTests asks for that).
            getDocsAsset               404 404 404 404 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 404 404 404
            getProblem                 200 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 200
            """)
    }
}
