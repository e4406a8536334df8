extension AccessMatrix {
    /// Marks, for families and for teachers.
    static let journal = Result {
        try AccessTable(
            """
                                       nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # A1, A3: the family, the class teacher, heads.
            getStudentDiary            401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            listStudentMarks           401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            getMarkHistory             401 200 404 200 404 404 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            # A request without a cursor returns no changes.
            listStudentChanges         401  []  404  [] 404 404 | 404 404 404  [] 404 |  []  [] 403 | 404 |  [] 403 403
            listChanges                401 403 403 403 403 403 |  []  []  []  []  [] |  []  []  [] |  [] |  []  [] 403
            # A4: teachers of the section on that date; a substitute only in the own lesson. 409 is `not_your_lesson`.
            getSectionJournal          401 403 403 403 403 403 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            patchSectionJournal        401 403 403 403 403 403 | 200 404 200 409 404 | 403 403 403 | 404 | 409 403 403
            patchSectionJournal/other  401 403 403 403 403 403 | 200 404 409 409 404 | 403 403 403 | 404 | 409 403 403
            # The same by the column's id, as a new mark and as an existing one: each has its own statement.
            patchSectionJournal/new    401 403 403 403 403 403 | 200 404 409 409 404 | 403 403 403 | 404 | 409 403 403
            patchSectionJournal/seen   401 403 403 403 403 403 | 200 404 409 409 404 | 403 403 403 | 404 | 409 403 403
            # Staff read the lessons of the school; managers create and move them.
            listLessons                401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 403
            createLesson               401 403 403 403 403 403 | 403 403 403 403 403 | 422 422 422 | 422 | 403 403 403
            getLesson                  401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            updateLesson               401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 412 | 404 | 403 403 403
            deleteLesson               401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 412 | 404 | 403 403 403
            generateLessons            401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 403 403
            # M4: who reads the journal reads its unlocks; heads and deputy heads grant them.
            listUnlocks                401 403 403 403 403 403 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            createUnlock               401 403 403 403 403 403 | 403 403 403 403 403 | 422 422 403 | 422 | 403 403 403
            createUnlock/granted       401 403 403 403 403 403 | 403 403 403 403 403 | 201 201 403 | 404 | 403 403 403
            getUnlock                  401 403 403 403 403 403 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            revokeUnlock               401 403 403 403 403 403 | 403 403 403 403 403 | 204 204 403 | 404 | 403 403 403
            # M9: a deputy head plans control works; other columns are the teacher's (A4: 409 is `not_your_lesson`).
            listLineItems              401 403 403 403 403 403 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            createLineItem             401 403 403 403 403 403 | 422 422 422 422 422 | 422 422 403 | 422 | 422 403 403
            createLineItem/column      401 403 403 403 403 403 | 201 404 201 409 404 | 409 409 403 | 404 | 409 403 403
            createLineItem/other       401 403 403 403 403 403 | 201 404 409 409 404 | 409 409 403 | 404 | 409 403 403
            getLineItem                401 403 403 403 403 403 | 200 404 200 200 404 | 200 200 403 | 404 | 200 200 403
            updateLineItem             401 403 403 403 403 403 | 412 404 412 409 404 | 409 409 403 | 404 | 409 403 403
            deleteLineItem             401 403 403 403 403 403 | 412 404 412 409 404 | 403 403 403 | 404 | 409 403 403
            # The plan names no student.
            listControlWorks           401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 403
            # A1: the caller's own day.
            getMyDay                   401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 403 403
            listUnfinishedLessons      401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 403 | 200 | 403 403 403
            """,
            [
                "generateLessons": AccessRequest(
                    query: "?dry_run=true", body: #"{"from": "2025-11-19", "to": "2025-11-19"}"#),
                "createUnlock/granted": AccessRequest(
                    body: """
                        {"starts_on": "2025-10-06", "ends_on": "2025-10-06", "expires_on": "2025-12-31", "reason": "Болел"}
                        """),
                "createLineItem/column": AccessRequest(body: column),
                "createLineItem/other": AccessRequest(ids: ["lesson_id": "{other_lesson_id}"], body: column),
                "patchSectionJournal": AccessRequest(body: batch("{lesson_id}")),
                "patchSectionJournal/other": AccessRequest(body: batch("{other_lesson_id}")),
                "patchSectionJournal/new": AccessRequest(body: columnBatch(version: 0)),
                "patchSectionJournal/seen": AccessRequest(body: columnBatch(version: 1)),
            ])
    }

    private static let column = #"{"category_id": "{plain_category_id}"}"#

    /// Clears a mark that does not exist.
    private static func batch(_ lesson: String) -> String {
        #"{"marks": [{"lesson_id": "\#(lesson)", "student_id": "{unmarked_id}", "value": null, "version": 0}]}"#
    }

    /// The same for the lesson that the substitute did not teach.
    private static func columnBatch(version: Int) -> String {
        """
        {"marks": [
            {"line_item_id": "{other_column_id}", "student_id": "{unmarked_id}", "value": null, "version": \(version)}
        ]}
        """
    }
}
