extension AccessMatrix {
    /// Announcements: one of a deputy head to the families of 7А.
    static let announcements = Result {
        try AccessTable(
            """
                                        nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # C2, A3: those whom they reach.
            listAnnouncements           401 200 200 200  []  [] |  []  []  []  []  [] |  []  []  [] |  [] |  [] 403 403
            listAnnouncements/kept      401  []  []  []  []  [] |  []  []  [] 200  [] | 200 200 200 | 200 | 200 403 403
            getAnnouncement             401 200 200 200 404 404 | 404 404 404 200 404 | 200 200 200 | 404 | 200 403 403
            confirmAnnouncement         401 200 200 200 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            acknowledgeAnnouncement     401 409 409 409 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            # A4: class teachers to their class, teachers to their groups, managers to all.
            createAnnouncement          401 403 403 403 403 403 | 422 422 422 422 422 | 422 422 422 | 422 | 422 403 403
            createAnnouncement/class    401 403 403 403 403 403 | 403 403 403 201 403 | 201 201 201 | 422 | 201 403 403
            createAnnouncement/group    401 403 403 403 403 403 | 201 403 403 201 403 | 201 201 201 | 422 | 201 403 403
            createAnnouncement/school   401 403 403 403 403 403 | 403 403 403 403 403 | 201 201 201 | 201 | 403 403 403
            updateAnnouncement          401 403 403 403 403 403 | 404 404 404 412 404 | 412 412 412 | 404 | 412 403 403
            listAnnouncementReaders     401 403 403 403 403 403 | 404 404 404 200 404 | 200 200 404 | 404 | 200 403 403
            """,
            [
                "listAnnouncements/kept": AccessRequest(query: "?view=kept"),
                "confirmAnnouncement": AccessRequest(body: #"{"text_version": 1}"#),
                "acknowledgeAnnouncement": AccessRequest(body: #"{"text_version": 999999}"#),
                "createAnnouncement/class": AccessRequest(
                    body: new(#"{"kind": "class", "class_id": "{class_id}", "members": ["guardians"]}"#)),
                "createAnnouncement/group": AccessRequest(
                    body: new(#"{"kind": "group", "group_id": "{own_group_id}", "members": ["guardians"]}"#)),
                "createAnnouncement/school": AccessRequest(body: new(#"{"kind": "school", "members": ["guardians"]}"#)),
            ])
    }

    /// It is shown in a year, so that the other rows do not see it.
    private static func new(_ item: String) -> String {
        #"{"title": "Т", "text": "Т", "starts_at": "2099-01-01T00:00:00Z", "audience": [\#(item)]}"#
    }
}
