import HTTP1
import Web

/// Problems of homework and of what families answer.
extension ProblemKind {
    package static let dueWithoutLesson = ProblemKind(
        "due_without_lesson", .conflict,
        title: Text(ru: "В этот день урока нет", en: "No lesson on the due date"),
        detail: Text(
            ru: "В день срока у группы нет урока (H1); выберите день урока или не указывайте срок.",
            en: "The section does not meet on the due date (rule H1); choose a day with a lesson, or leave it out."))
    package static let proposalClosed = ProblemKind(
        "proposal_closed", .conflict,
        title: Text(ru: "Предложение уже рассмотрено", en: "Proposal closed"),
        detail: Text(
            ru: "Предложение уже принято, отклонено или отозвано; родитель может подать новое.",
            en: "The proposal was accepted, declined or withdrawn; the guardian can make a new one."))
    package static let notYourProposal = ProblemKind(
        "not_your_proposal", .forbidden,
        title: Text(ru: "Это решает не вы", en: "Not yours to decide"),
        detail: Text(
            ru: "Предложение принимает классный руководитель или администрация, но не тот, кто его подал (A4).",
            en: "The class teacher or a manager decides about a proposal, but never its author (rule A4)."))

    package static let ofFamilies: [ProblemKind] = [dueWithoutLesson, proposalClosed, notYourProposal]
}
