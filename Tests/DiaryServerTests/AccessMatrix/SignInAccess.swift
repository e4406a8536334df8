extension AccessMatrix {
    /// Sign-in, the caller's own account, credentials.
    static let signIn = Result {
        try AccessTable(
            """
                                       nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # An empty object is incomplete, whoever sends it.
            issueToken                 400 400 400 400 400 400 | 400 400 400 400 400 | 400 400 400 | 400 | 400 400 400
            revokeToken                400 400 400 400 400 400 | 400 400 400 400 400 | 400 400 400 | 400 | 400 400 400
            activateAccount            422 422 422 422 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 422 422 422
            beginSecondFactor          422 422 422 422 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 422 422 422
            confirmSecondFactor        422 422 422 422 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 422 422 422
            # The caller's own account.
            getMe                      401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 403 403
            listMySessions             401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 403 403
            endMySession               401 204 404 404 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            getMySecondFactor          401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 200 | 403 403 403
            beginMySecondFactor        401 403 403 403 403 403 | 422 422 422 422 422 | 422 422 422 | 422 | 403 403 403
            confirmMySecondFactor      401 403 403 403 403 403 | 404 404 404 404 404 | 404 404 404 | 404 | 403 403 403
            removeMySecondFactor       401 403 403 403 403 403 | 422 422 422 422 422 | 422 422 422 | 422 | 403 403 403
            renewMyRecoveryCodes       401 403 403 403 403 403 | 422 422 422 422 422 | 422 422 422 | 422 | 403 403 403
            # A2: class teachers issue to students, administrators to staff. Who may see the person gets 403, others 404.
            issueCredentials           401 403 403 403 403 403 | 403 403 403 201 404 | 403 403 403 | 404 | 403 403 403
            issueCredentials/staff     401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 201 | 404 | 403 403 403
            revokeCredentials          401 403 403 403 403 403 | 403 403 403 204 404 | 403 403 403 | 404 | 403 403 403
            revokeCredentials/staff    401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 204 | 404 | 403 403 403
            issueClassCredentials      401 403 403 403 403 403 | 403 403 403 200 403 | 403 403 403 | 404 | 403 403 403
            resetSecondFactor          401 403 403 403 403 403 | 403 403 403 204 404 | 403 403 403 | 404 | 403 403 403
            resetSecondFactor/staff    401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 204 | 404 | 403 403 403
            # The last row, because it ends the other sessions, including the app's.
            changeMyPassword           401 204 204 204 204 204 | 204 204 204 204 204 | 204 204 204 | 204 | 403 403 403
            """,
            [
                "changeMyPassword": AccessRequest(
                    body: #"{"current_password": "lyceum-demo", "new_password": "lyceum-demo-2"}"#),
                "endMySession": AccessRequest(before: "UPDATE sessions SET ended_at = NULL WHERE id = '{session_id}'"),
                "confirmMySecondFactor": AccessRequest(body: #"{"code": "123456"}"#),
                "issueCredentials": AccessRequest(body: reason),
                "issueCredentials/staff": AccessRequest(ids: ["user_id": "{clerk_id}"], body: reason),
                "revokeCredentials": AccessRequest(before: code("{user_id}")),
                "revokeCredentials/staff": AccessRequest(ids: ["user_id": "{clerk_id}"], before: code("{clerk_id}")),
                "issueClassCredentials": AccessRequest(body: #"{"for": "students", "reason": "листки потеряны"}"#),
                "resetSecondFactor": AccessRequest(body: reason, before: secondFactor("{user_id}")),
                "resetSecondFactor/staff": AccessRequest(
                    ids: ["user_id": "{clerk_id}"], body: reason, before: secondFactor("{clerk_id}")),
            ])
    }

    private static let reason = #"{"reason": "листок потерян"}"#

    private static func code(_ person: String) -> String {
        """
        INSERT INTO activation_codes (school_id, id, user_id, code_hash, expires_at)
        VALUES ({school_id}, gen_random_uuid(), '\(person)', '', now() + interval '1 day') ON CONFLICT DO NOTHING
        """
    }

    private static func secondFactor(_ person: String) -> String {
        """
        INSERT INTO second_factors (school_id, user_id, secret, confirmed_at)
        VALUES ({school_id}, '\(person)', 's1:x', now()) ON CONFLICT DO NOTHING
        """
    }
}
