import HTTP1
import Web

/// Problems of curriculum plans (P1).
extension ProblemKind {
    package static let notYourPlan = ProblemKind(
        "not_your_plan", .forbidden,
        title: Text(ru: "Это не ваш план", en: "Not your plan"),
        detail: Text(
            ru:
                "План журнала пишут его учителя, план общей базы — автор, который ведёт этот предмет в этой параллели, и администрация (P1).",
            en:
                "The plan of a section is written by its teachers, a plan of the common base by its author, who teaches the subject at that grade level, and both by managers (rule P1)."
        ))
    package static let planNotOfSection = ProblemKind(
        "plan_not_of_section", .conflict,
        title: Text(ru: "План не для этого журнала", en: "Plan not of the section"),
        detail: Text(
            ru: "У журнала другой учебный год, предмет или параллель (P1); выберите подходящий план.",
            en: "The section has another year, subject or grade level (rule P1); choose a plan that fits."))
    package static let planApproved = ProblemKind(
        "plan_approved", .conflict,
        title: Text(ru: "План утверждён", en: "Plan is approved"),
        detail: Text(
            ru:
                "Содержание утверждённого или архивного плана не меняют (P1): план журнала меняет лист корректировки, план базы — снятие утверждения.",
            en:
                "The content of an approved or archived plan is fixed (rule P1). A correction changes the plan of a section; for a plan of the common base, withdraw the approval first."
        ))
    package static let planNotApproved = ProblemKind(
        "plan_not_approved", .conflict,
        title: Text(ru: "План не утверждён", en: "Plan is not approved"),
        detail: Text(
            ru: "Копируют утверждённый план, а лист корректировки пишут к утверждённому плану журнала (P1).",
            en: "Only approved plans are copied, and corrections are for approved plans of sections (rule P1)."))
    package static let planEmpty = ProblemKind(
        "plan_empty", .conflict,
        title: Text(ru: "В плане нет тем", en: "Plan has no topics"),
        detail: Text(
            ru: "Утвердить можно план, в котором есть темы (P1).",
            en: "A plan needs topics before it can be approved (rule P1)."))
    package static let noSectionPlan = ProblemKind(
        "no_section_plan", .conflict,
        title: Text(ru: "У журнала нет своего плана", en: "Section has no plan of its own"),
        detail: Text(
            ru: "Сдвигают темы собственного плана журнала (P1): сначала скопируйте в него утверждённый план.",
            en: "Only the section's own plan can be shifted (rule P1): copy an approved plan into the section first."))
    package static let topicGiven = ProblemKind(
        "topic_given", .conflict,
        title: Text(ru: "Тема уже пройдена", en: "Topic was given"),
        detail: Text(
            ru: "Тему, по которой были уроки, не исключают и не объединяют, и часов в ней не меньше проведённых (P1).",
            en: "A topic that was given is neither dropped nor merged, and keeps the hours that were given (rule P1)."))
    package static let topicDropped = ProblemKind(
        "topic_dropped", .conflict,
        title: Text(ru: "Тема уже исключена", en: "Topic was dropped"),
        detail: Text(
            ru: "Этот или другой лист корректировки исключает тему (P1); напишите лист заново, без неё.",
            en: "This correction or another one drops the topic (rule P1); write the correction again without it."))
    package static let correctionApproved = ProblemKind(
        "correction_approved", .conflict,
        title: Text(ru: "Лист корректировки утверждён", en: "Correction is approved"),
        detail: Text(
            ru: "Утверждённый лист корректировки остаётся в записях (P1); чтобы изменить план снова, напишите новый.",
            en: "An approved correction stays on record (rule P1); to change the plan again, write another one."))

    package static let ofPlans: [ProblemKind] = [
        notYourPlan, planNotOfSection, planApproved, planNotApproved, planEmpty, noSectionPlan, topicGiven,
        topicDropped, correctionApproved,
    ]
}
