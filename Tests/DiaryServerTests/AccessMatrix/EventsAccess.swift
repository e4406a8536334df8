extension AccessMatrix {
    static let events = Result {
        try AccessTable(
            """
                                       nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # Everybody gets a stream of their own.
            streamEvents               401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 403 403
            """,
            ["streamEvents": AccessRequest(query: "?wait=0")])
    }
}
