extension AccessMatrix {
    /// Administrators manage the webhooks of every integration, with the school's own apps; an integration its own.
    static let webhooks = Result {
        try AccessTable(
            """
                                           nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            listClientWebhooks             401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 200 | 404 | 403 403 403
            createClientWebhook            401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 201 | 404 | 403 403 403
            getClientWebhook               401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 200 | 404 | 403 403 403
            updateClientWebhook            401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 412 | 404 | 403 403 403
            deleteClientWebhook            401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 412 | 404 | 403 403 403
            rotateClientWebhookSecret      401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 200 | 404 | 403 403 403
            listClientWebhookDeliveries    401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 200 | 404 | 403 403 403
            # It is disabled.
            testClientWebhook              401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 409 | 404 | 403 403 403
            resendClientWebhookDelivery    401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 409 | 404 | 403 403 403
            listWebhooks                   401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 200 403
            createWebhook                  401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 201 403
            getWebhook                     401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 200 403
            updateWebhook                  401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 412 403
            deleteWebhook                  401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 412 403
            rotateWebhookSecret            401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 200 403
            listWebhookDeliveries          401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 200 403
            testWebhook                    401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 409 403
            resendWebhookDelivery          401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 409 403
            # A webhook of another integration of the school.
            getWebhook/other               401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 404 403
            updateWebhook/other            401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 404 403
            deleteWebhook/other            401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 404 403
            rotateWebhookSecret/other      401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 404 403
            listWebhookDeliveries/other    401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 404 403
            testWebhook/other              401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 404 403
            resendWebhookDelivery/other    401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 403 | 403 | 403 404 403
            """,
            [
                "createClientWebhook": AccessRequest(body: new), "createWebhook": AccessRequest(body: new),
                "updateClientWebhook": AccessRequest(before: ofClient),
                "listClientWebhooks": AccessRequest(before: ofClient),
                "getClientWebhook": AccessRequest(before: ofClient),
                "deleteClientWebhook": AccessRequest(before: ofClient),
                "rotateClientWebhookSecret": AccessRequest(before: ofClient),
                "listClientWebhookDeliveries": AccessRequest(before: ofClient),
                "testClientWebhook": AccessRequest(before: ofClient),
                "resendClientWebhookDelivery": AccessRequest(before: ofClient),
                "listWebhooks": AccessRequest(before: ofProgram), "getWebhook": AccessRequest(before: ofProgram),
                "updateWebhook": AccessRequest(before: ofProgram), "deleteWebhook": AccessRequest(before: ofProgram),
                "rotateWebhookSecret": AccessRequest(before: ofProgram),
                "listWebhookDeliveries": AccessRequest(before: ofProgram),
                "testWebhook": AccessRequest(before: ofProgram),
                "resendWebhookDelivery": AccessRequest(before: ofProgram),
            ].merging(
                [
                    "getWebhook", "updateWebhook", "deleteWebhook", "rotateWebhookSecret", "listWebhookDeliveries",
                    "testWebhook", "resendWebhookDelivery",
                ].map { ("\($0)/other", AccessRequest(before: ofClient)) }
            ) { $1 })
    }

    private static let new = #"{"url": "https://receiver.example/lyceum"}"#

    private static let ofClient =
        "UPDATE webhook_endpoints SET client_id = '{client_id}' WHERE school_id = {school_id} AND id = '{webhook_id}'"

    /// The integration with only the scopes that the routes name.
    private static let ofProgram = """
        UPDATE webhook_endpoints SET client_id = (
            SELECT id FROM clients
            WHERE school_id = {school_id} AND name LIKE 'Matrix %' AND scopes @> '{school.read,people.read,journal.read}'
                AND cardinality(scopes) = 3
            ORDER BY id LIMIT 1
        )
        WHERE school_id = {school_id} AND id = '{webhook_id}'
        """
}
