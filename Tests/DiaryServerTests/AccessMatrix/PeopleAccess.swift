import DiaryPeople
import DiaryTestSupport

extension AccessMatrix {
    /// Profiles, guardians, consents, staff: access depends on the person.
    static let people = Result {
        try AccessTable(
            """
                                       nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            # A1, A3: profiles.
            listStudents               401 200 200 200  []  [] | 200 200  [] 200 200 | 200 200 200 | 200 | 200 200 403
            createStudent              401 403 403 403 403 403 | 403 403 403 403 403 | 422 422 422 | 422 | 403 403 403
            getStudent                 401 200 404 200 404 404 | 200 404 404 200 404 | 200 200 200 | 404 | 200 200 403
            updateStudent              401 403 403 403 403 403 | 403 403 403 412 404 | 412 412 412 | 404 | 412 403 403
            getStudentHistory          401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 200 | 404 | 200 403 403
            # A3: guardians do not see each other.
            listGuardians              401 403 403 403 403 403 | 403 403 403 200 200 | 200 200 200 | 200 | 200 200 403
            createGuardian             401 403 403 403 403 403 | 403 403 403 422 422 | 422 422 422 | 422 | 422 403 403
            getGuardian                401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 200 | 404 | 200 200 403
            updateGuardian             401 403 403 403 403 403 | 403 403 403 412 404 | 412 412 412 | 404 | 412 403 403
            listGuardianships          401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 200 | 404 | 200 200 403
            createGuardianship         401 403 403 403 403 403 | 403 403 403 409 422 | 409 409 409 | 422 | 409 403 403
            getGuardianship            401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 200 | 404 | 200 200 403
            updateGuardianship         401 403 403 403 403 403 | 403 403 403 412 404 | 412 412 412 | 404 | 412 403 403
            deleteGuardianship         401 403 403 403 403 403 | 403 403 403 412 404 | 412 412 412 | 404 | 412 403 403
            # K3: guardians read only the consents that they have given.
            listConsents               401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 200 | 404 | 200 403 403
            createConsent              401 403 403 403 403 403 | 403 403 403 409 404 | 409 409 409 | 404 | 409 403 403
            getConsent                 401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 200 | 404 | 200 403 403
            updateConsent              401 403 403 403 403 403 | 403 403 403 412 404 | 412 412 412 | 404 | 412 403 403
            deleteConsent              401 403 403 403 403 403 | 403 403 403 412 404 | 412 412 412 | 404 | 412 403 403
            # K2, K3: documents, and a photo with a valid consent.
            listStudentDocuments       401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 200 | 404 | 200 403 403
            createStudentDocument      401 403 403 403 403 403 | 403 403 403 201 404 | 201 201 201 | 404 | 201 403 403
            getStudentDocument         401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 200 | 404 | 200 403 403
            updateStudentDocument      401 403 403 403 403 403 | 403 403 403 412 404 | 412 412 412 | 404 | 412 403 403
            deleteStudentDocument      401 403 403 403 403 403 | 403 403 403 412 404 | 412 412 412 | 404 | 412 403 403
            getStudentPhoto            401 200 404 200 404 404 | 200 404 404 200 404 | 200 200 200 | 404 | 200 403 403
            putStudentPhoto            401 403 403 403 403 403 | 403 403 403 412 404 | 412 412 412 | 404 | 412 403 403
            deleteStudentPhoto         401 403 403 403 403 403 | 403 403 403 412 404 | 412 412 412 | 404 | 412 403 403
            # There is no such class (422).
            createClassChange          401 403 403 403 403 403 | 403 403 403 403 403 | 422 422 422 | 404 | 403 403 403
            deleteClassChange          401 403 403 403 403 403 | 403 403 403 403 403 | 404 404 404 | 404 | 403 403 403
            # Only administrators manage staff.
            listStaff                  401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 403
            createStaffMember          401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 422 | 422 | 403 403 403
            getStaffMember             401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            updateStaffMember          401 403 403 403 403 403 | 403 403 403 403 403 | 403 403 412 | 404 | 403 403 403
            # Y1: the decision about the student.
            listPromotions             401 403 403 403 403 403 | 403 403 403 200  [] | 200 200 200 | 404 | 200 403 403
            createPromotion            401 403 403 403 403 403 | 403 403 403 403 403 | 409 409 409 | 404 | 403 403 403
            getPromotion               401 403 403 403 403 403 | 403 403 403 200 404 | 200 200 200 | 404 | 200 403 403
            updatePromotion            401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 412 | 404 | 403 403 403
            deletePromotion            401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 412 | 404 | 403 403 403
            # A5.
            listAudit                  401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 403 403
            listAudit/csv              401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 403 403
            listAudit/ndjson           401 403 403 403 403 403 | 403 403 403 403 403 | 200 200 200 | 200 | 403 403 403
            """,
            [
                // There is one already.
                "createGuardianship": AccessRequest(
                    body: #"{"guardian_id": "{guardian_id}", "relation": "mother", "starts_on": "2025-10-01"}"#),
                "createConsent": AccessRequest(
                    body: #"{"purpose": "photo", "given_by": "{guardian_id}", "given_on": "2025-10-01"}"#,
                    before: consent),
                "createStudentDocument": AccessRequest(body: #"{"kind": "other", "number": "X-200"}"#),
                "getStudentPhoto": AccessRequest(before: photo), "deleteStudentPhoto": AccessRequest(before: photo),
                "putStudentPhoto": AccessRequest(picture: ImageFixtures.png, before: photo),
                "createClassChange": AccessRequest(
                    body: #"{"class_id": "{student_id}", "starts_on": "2025-11-20"}"#),
                "createPromotion": AccessRequest(
                    body: #"{"student_id": "{student_id}", "decision": "promoted", "decided_on": "2026-05-28"}"#),
            ])
    }

    private static let consent = """
        INSERT INTO consents (school_id, id, student_id, purpose, given_by, given_on)
        VALUES ({school_id}, gen_random_uuid(), '{student_id}', 'photo', '{guardian_id}', '2025-09-01')
        ON CONFLICT DO NOTHING;
        """

    private static let photo =
        consent + """
            INSERT INTO student_photos (school_id, id, media_type, width, height, content, sha256)
            VALUES ({school_id}, '{student_id}', 'image/png', 1, 1, '\\x00', sha256('\\x00')) ON CONFLICT DO NOTHING
            """
}
