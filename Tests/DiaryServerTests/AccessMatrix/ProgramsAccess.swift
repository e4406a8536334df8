extension AccessMatrix {
    /// Only administrators manage clients, and only with the school's own apps; and the page on which people authorize
    /// apps.
    static let programs = Result {
        try AccessTable(
            """
                                       nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            listClients                401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 200 | 200 | 403 403 403
            createClient               401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 422 | 422 | 403 403 403
            getClient                  401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 200 | 404 | 403 403 403
            updateClient               401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 412 | 404 | 403 403 403
            deleteClient               401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 412 | 404 | 403 403 403
            listClientSecrets          401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 200 | 404 | 403 403 403
            createClientSecret         401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 201 | 404 | 403 403 403
            deleteClientSecret         401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 204 | 404 | 403 403 403
            # A page without parameters.
            getServerMetadata          200 200 200 200 200 200 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 200
            showAuthorization          400 400 400 400 400 400 | 400 400 400 400 400 | 400 400 400 | 400 | 400 400 400
            decideAuthorization        415 415 415 415 415 415 | 415 415 415 415 415 | 415 415 415 | 415 | 415 415 415
            """,
            [
                "createClientSecret": AccessRequest(before: oneSecret),
                "deleteClientSecret": AccessRequest(before: oneSecret),
            ])
    }

    /// Leaves exactly the secret in the path, so that another one can be added.
    private static let oneSecret = """
        DELETE FROM client_secrets WHERE client_id = '{client_id}' AND id <> '{client_secret_id}';
        INSERT INTO client_secrets (school_id, id, client_id, secret_hash)
        VALUES ({school_id}, '{client_secret_id}', '{client_id}', '') ON CONFLICT DO NOTHING
        """
}
