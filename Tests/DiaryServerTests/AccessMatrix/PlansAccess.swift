extension AccessMatrix {
    /// Curriculum plans (P1). All staff read them. Who writes a plan depends on its row: 412 comes before that rule, which
    /// PlanRuleTests and CurriculumPlansTests ask for.
    static let plans = Result {
        try AccessTable(
            """
                                            nob pup cla gua for bar | tea col sub lea nei | dep hea adm | str | app pro uns
            listCurriculumPlans             401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 200 | 200 200 403
            createCurriculumPlan            401 403 403 403 403 403 | 422 422 422 422 422 | 422 422 422 | 422 | 422 403 403
            createCurriculumPlan/section    401 403 403 403 403 403 | 409 403 403 403 403 | 409 409 409 | 422 | 403 403 403
            getCurriculumPlan               401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            updateCurriculumPlan            401 403 403 403 403 403 | 412 412 412 412 412 | 412 412 412 | 404 | 412 403 403
            deleteCurriculumPlan            401 403 403 403 403 403 | 412 412 412 412 412 | 412 412 412 | 404 | 412 403 403
            approveCurriculumPlan           401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 403 | 404 | 403 403 403
            withdrawCurriculumPlanApproval  401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 403 | 404 | 403 403 403
            # The section has a plan already: 409 is `already_exists`.
            copyCurriculumPlan              401 403 403 403 403 403 | 409 403 403 403 403 | 409 409 409 | 404 | 403 403 403
            getSectionPlan                  401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            getSectionCoverage              401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            shiftSectionPlan                401 403 403 403 403 403 | 200 403 403 403 403 | 200 200 200 | 404 | 403 403 403
            listPlanCorrections             401 403 403 403 403 403 | 200 200 200 200 200 | 200 200 200 | 404 | 200 200 403
            createPlanCorrection            401 403 403 403 403 403 | 422 422 422 422 422 | 422 422 422 | 422 | 422 403 403
            # The correction has no items.
            getPlanCorrection               401 403 403 403 403 403 |  []  []  []  []  [] |  []  []  [] | 404 |  []  [] 403
            deletePlanCorrection            401 403 403 403 403 403 | 412 412 412 412 412 | 412 412 412 | 404 | 412 403 403
            approvePlanCorrection           401 403 403 403 403 403 | 403 403 403 403 403 | 412 412 403 | 404 | 403 403 403
            # A1, A3: the family, the class teacher, heads.
            listStudentPlans                401 200 404 200 404 404 | 404 404 404 200 404 | 200 200 403 | 404 | 200 403 403
            """,
            [
                "createCurriculumPlan/section": AccessRequest(
                    body: """
                        {"academic_year_id": "{academic_year_id}", "subject_id": "{subject_id}", "grade_level": 7,
                        "section_id": "{section_id}", "title": "План"}
                        """),
                "copyCurriculumPlan": AccessRequest(body: #"{"section_id": "{section_id}"}"#),
                "shiftSectionPlan": AccessRequest(query: "?dry_run=true"),
            ])
    }
}
