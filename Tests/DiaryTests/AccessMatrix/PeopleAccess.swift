extension AccessMatrix {
    /// Profiles, guardians, consents, staff: whose they are decides.
    static let people = Result {
        try AccessTable(
            """
                                          none pupl mate guar form barr | teac coll subs lead neig | depu head admn | strg
            # A1, A3: profiles.
            listStudents                   401  200  200  200   []   [] |  200  200   []  200  200 |  200  200  200 |  200
            createStudent                  401  403  403  403  403  403 |  403  403  403  403  403 |  422  422  422 |  422
            getStudent                     401  200  404  200  404  404 |  200  404  404  200  404 |  200  200  200 |  404
            updateStudent                  401  403  403  403  403  403 |  403  403  403  412  404 |  412  412  412 |  404
            getStudentHistory              401  403  403  403  403  403 |  403  403  403  200  404 |  200  200  200 |  404
            # A3: guardians do not see each other.
            listGuardians                  401  403  403  403  403  403 |  403  403  403  200  200 |  200  200  200 |  200
            createGuardian                 401  403  403  403  403  403 |  403  403  403  422  422 |  422  422  422 |  422
            getGuardian                    401  403  403  403  403  403 |  403  403  403  200  404 |  200  200  200 |  404
            updateGuardian                 401  403  403  403  403  403 |  403  403  403  412  404 |  412  412  412 |  404
            listGuardianships              401  403  403  403  403  403 |  403  403  403  200  404 |  200  200  200 |  404
            createGuardianship             401  403  403  403  403  403 |  403  403  403  409  422 |  409  409  409 |  422
            getGuardianship                401  403  403  403  403  403 |  403  403  403  200  404 |  200  200  200 |  404
            updateGuardianship             401  403  403  403  403  403 |  403  403  403  412  404 |  412  412  412 |  404
            deleteGuardianship             401  403  403  403  403  403 |  403  403  403  412  404 |  412  412  412 |  404
            # K3: a guardian reads what it has given itself.
            listConsents                   401  200  404  200  404  404 |  404  404  404  200  404 |  200  200  200 |  404
            createConsent                  401  403  403  403  403  403 |  403  403  403  409  404 |  409  409  409 |  404
            getConsent                     401  200  404  200  404  404 |  404  404  404  200  404 |  200  200  200 |  404
            updateConsent                  401  403  403  403  403  403 |  403  403  403  412  404 |  412  412  412 |  404
            deleteConsent                  401  403  403  403  403  403 |  403  403  403  412  404 |  412  412  412 |  404
            # Staff are the administrator's.
            listStaff                      401  403  403  403  403  403 |  200  200  200  200  200 |  200  200  200 |  200
            createStaffMember              401  403  403  403  403  403 |  403  403  403  403  403 |  403  403  422 |  422
            getStaffMember                 401  403  403  403  403  403 |  200  200  200  200  200 |  200  200  200 |  404
            updateStaffMember              401  403  403  403  403  403 |  403  403  403  403  403 |  403  403  412 |  404
            # Y1: the decision on the pupil.
            listPromotions                 401  403  403  403  403  403 |  403  403  403  200   [] |  200  200  200 |  404
            createPromotion                401  403  403  403  403  403 |  403  403  403  403  403 |  409  409  409 |  404
            getPromotion                   401  403  403  403  403  403 |  403  403  403  200  404 |  200  200  200 |  404
            updatePromotion                401  403  403  403  403  403 |  403  403  403  403  403 |  412  412  412 |  404
            deletePromotion                401  403  403  403  403  403 |  403  403  403  403  403 |  412  412  412 |  404
            # A5.
            listAudit                      401  403  403  403  403  403 |  403  403  403  403  403 |  200  200  200 |  200
            """,
            [
                // There is one already.
                "createGuardianship": AccessRequest(
                    body: #"{"guardian_id": "{guardian_id}", "relation": "mother", "starts_on": "2025-10-01"}"#),
                "createConsent": AccessRequest(
                    body: #"{"purpose": "photo", "given_by": "{guardian_id}", "given_on": "2025-10-01"}"#,
                    before: """
                        INSERT INTO consents (school_id, id, student_id, purpose, given_by, given_on)
                        VALUES ({school_id}, gen_random_uuid(), '{student_id}', 'photo', '{guardian_id}', '2025-09-01')
                        ON CONFLICT DO NOTHING
                        """),
                "createPromotion": AccessRequest(
                    body: #"{"student_id": "{student_id}", "decision": "promoted", "decided_on": "2026-05-28"}"#),
            ])
    }
}
