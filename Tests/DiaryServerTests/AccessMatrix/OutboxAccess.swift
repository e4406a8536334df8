extension AccessMatrix {
    /// Push subscriptions and addresses for mail: each person's own.
    static let outbox = Result {
        try AccessTable(
            """
                                       nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            getPushKey                 401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 403 403
            listMyPushSubscriptions    401 200  []  []  []  [] |  []  []  []  []  [] |  []  []  [] |  [] |  [] 403 403
            createMyPushSubscription   401 422 422 422 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 422 403 403
            createMyPushSubscription/device 401 201 201 201 201 201 | 201 201 201 201 201 | 201 201 201 | 201 | 201 403 403
            deleteMyPushSubscription   401 204 404 404 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 404 403 403
            # An app of others would leave an address behind.
            getMyEmail                 401 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 403 403 403
            putMyEmail                 401 422 422 422 422 422 | 422 422 422 422 422 | 422 422 422 | 422 | 403 403 403
            putMyEmail/address         401 202 202 202 202 202 | 202 202 202 202 202 | 202 202 202 | 202 | 403 403 403
            confirmMyEmail             401 409 409 409 409 409 | 409 409 409 409 409 | 409 409 409 | 409 | 403 403 403
            deleteMyEmail              401 204 204 204 204 204 | 204 204 204 204 204 | 204 204 204 | 204 | 403 403 403
            # The address is the secret; this one is not signed.
            showEmailUnsubscription    404 404 404 404 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 404 404 404
            unsubscribeEmail           404 404 404 404 404 404 | 404 404 404 404 404 | 404 404 404 | 404 | 404 404 404
            """,
            [
                "listMyPushSubscriptions": AccessRequest(before: subscription),
                "createMyPushSubscription/device": AccessRequest(
                    body: """
                        {"endpoint": "https://push.example/1", "auth": "BTBZMqHH6r4Tts7J_aSIgg",
                         "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"}
                        """, before: "DELETE FROM push_subscriptions"),
                "deleteMyPushSubscription": AccessRequest(before: subscription),
                "putMyEmail/address": AccessRequest(
                    body: #"{"address": "parent@example.org"}"#, before: "DELETE FROM email_codes"),
                "confirmMyEmail": AccessRequest(body: #"{"code": "00000000"}"#, before: "DELETE FROM email_codes"),
            ])
    }

    /// A device of the student, who has this session.
    private static let subscription = """
        INSERT INTO push_subscriptions (school_id, id, person_id, session_id, endpoint, p256dh, auth)
        VALUES (
            {school_id}, '{push_subscription_id}', '{student_id}', '{session_id}', 'https://push.example/2',
            decode(repeat('04', 65), 'hex'), decode(repeat('00', 16), 'hex')
        )
        ON CONFLICT DO NOTHING
        """
}
