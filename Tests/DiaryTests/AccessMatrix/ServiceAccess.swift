extension AccessMatrix {
    /// What is open to all.
    static let service = Result {
        try AccessTable(
            """
                                          none pupl mate guar form barr | teac coll subs lead neig | depu head admn | strg
            # Nothing of a school.
            getLivez                       200  200  200  200  200  200 |  200  200  200  200  200 |  200  200  200 |  200
            getReadyz                      200  200  200  200  200  200 |  200  200  200  200  200 |  200  200  200 |  200
            getOpenAPIJSON                 200  200  200  200  200  200 |  200  200  200  200  200 |  200  200  200 |  200
            getOpenAPIYAML                 200  200  200  200  200  200 |  200  200  200  200  200 |  200  200  200 |  200
            getProblem                     200  200  200  200  200  200 |  200  200  200  200  200 |  200  200  200 |  200
            """)
    }
}
