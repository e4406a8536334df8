extension AccessMatrix {
    /// What families read and answer: homework, feedback, conduct notes, acknowledgements, proposals.
    static let families = Result {
        try AccessTable(
            """
                                        nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # A1, H2: homework of the own child; the journal's readers see who has done it.
            getStudentHomework          401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            getHomework                 401 200 200 200 404 404 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            listHomeworkCompletions     401 403 403 403 403 403 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            markHomeworkDone            401 200 404 200 404 404 | 403 403 403 403 403 | 403 403 403 | 404 | 403 403 403
            markHomeworkOpen            401 204 404 204 404 404 | 403 403 403 403 403 | 403 403 403 | 404 | 403 403 403
            # A1, A3: the family, the class teacher, heads; a teacher sees what the own section or the own hand wrote.
            listStudentFeedback         401 200 404 200 404 404 | 200 404 404 200 404 | 200 200 403 | 404 | 200 200 403
            getFeedback                 401 200 404 200 404 404 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            listConductNotes            401 200 404 200 404 404 | 200 404 404 200 404 | 200 200 403 | 404 | 200 200 403
            getConductNote              401 200 404 200 404 404 | 200 404 404 200 404 | 200 200 403 | 404 | 200 200 403
            # A4: teachers of the student on that day, the class teacher, heads.
            createConductNote           401 403 403 403 403 403 | 422 422 422 422 422 | 422 422 403 | 422 | 422 403 403
            createConductNote/written   401 403 403 403 403 403 | 201 404 404 201 404 | 201 201 403 | 404 | 201 403 403
            updateConductNote           401 403 403 403 403 403 | 412 404 404 412 404 | 412 412 403 | 404 | 412 403 403
            deleteConductNote           401 403 403 403 403 403 | 412 404 404 412 404 | 412 412 403 | 404 | 412 403 403
            # C2: guardians with access acknowledge; 409 is `stale_version`.
            getMarkAcknowledgement      401 200 404 200 404 404 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            acknowledgeMark             401 403 403 409 404 404 | 403 403 403 403 403 | 403 403 403 | 404 | 403 403 403
            getFeedbackAcknowledgement  401 200 404 200 404 404 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            acknowledgeFeedback         401 403 403 409 404 404 | 403 403 403 403 403 | 403 403 403 | 404 | 403 403 403
            getConductNoteAcknowledgement 401 200 404 200 404 404 | 200 404 404 200 404 | 200 200 403 | 404 | 200 200 403
            acknowledgeConductNote      401 403 403 409 404 404 | 403 403 403 403 403 | 403 403 403 | 404 | 403 403 403
            listStudentAcknowledgements 401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            acknowledgeStudentRecords   401 403 403 200 404 404 | 403 403 403 403 403 | 403 403 403 | 404 | 403 403 403
            # M4: works that are owed.
            listStudentOwed             401  []  404  [] 404 404 | 404 404 404  [] 404 |  []  [] 403 | 404 |  [] 403 403
            listSectionOwed             401 403 403 403 403 403 |  [] 404  []  [] 404 |  []  [] 403 | 404 |  []  [] 403
            # A3, A4: the author, the class teacher, managers.
            confirmProfile              401 403 403 200 404 404 | 403 403 403 403 403 | 403 403 403 | 404 | 403 403 403
            listProfileProposals        401 403 403 200  []  [] | 403 403 403 200  [] | 200 200 200 |  [] | 200 403 403
            createProfileProposal       401 403 403 409 404 404 | 403 403 403 403 403 | 403 403 403 | 404 | 403 403 403
            getProfileProposal          401 403 403 200 404 404 | 403 403 403 200 404 | 200 200 200 | 404 | 200 403 403
            updateProfileProposal       401 403 403 412 404 404 | 403 403 403 412 404 | 412 412 412 | 404 | 412 403 403
            """,
            [
                "markHomeworkDone": AccessRequest(query: "?student_id={student_id}"),
                "markHomeworkOpen": AccessRequest(query: "?student_id={student_id}"),
                "createConductNote/written": AccessRequest(body: #"{"kind": "praise", "text": "Помог"}"#),
                "acknowledgeMark": AccessRequest(body: unseen),
                "acknowledgeFeedback": AccessRequest(body: unseen),
                "acknowledgeConductNote": AccessRequest(body: unseen),
                "acknowledgeStudentRecords": AccessRequest(body: #"{"records": []}"#),
                "createProfileProposal": AccessRequest(
                    body: #"{"student_id": "{student_id}", "about": "student", "fields": {"phone": "2"}}"#),
                "updateProfileProposal": AccessRequest(body: #"{"state": "withdrawn"}"#),
            ])
    }

    private static let unseen = #"{"version": 999999}"#
}
