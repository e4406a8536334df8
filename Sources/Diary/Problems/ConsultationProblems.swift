import HTTP1
import Web

/// Problems of consultations (C4).
extension ProblemKind {
    package static let notYourConsultation = ProblemKind(
        "not_your_consultation", .forbidden,
        title: Text(ru: "Это делает администратор", en: "For administrators"),
        detail: Text(
            ru:
                "Вы спрашиваете от своего имени; отвечает, назначает и записывает за других системный администратор (C4).",
            en: "You ask in your own name; administrators answer, assign, and write down what others ask (rule C4)."))
    package static let consultationState = ProblemKind(
        "consultation_state", .conflict,
        title: Text(ru: "Сейчас это невозможно", en: "Not in this state"),
        detail: Text(
            ru:
                "Обращение закрывает тот, кто спросил, или администратор после ответа; снова его открывает новый вопрос (C4).",
            en:
                "The asker closes a consultation, or an administrator after the answer; a further question opens it again (rule C4)."
        ))
    package static let consultationClosed = ProblemKind(
        "consultation_closed", .conflict,
        title: Text(ru: "Обращение закрыто", en: "Consultation closed"),
        detail: Text(
            ru: "Новый вопрос открывает закрытое обращение снова в течение 14 дней; потом начните новое (C4).",
            en: "A further question opens it again within 14 days; after that, begin a new one (rule C4)."))

    package static let tooManyQuestions = ProblemKind(
        "too_many_questions", .tooManyRequests,
        title: Text(ru: "Слишком много вопросов", en: "Too many questions"),
        detail: Text(
            ru: "За сутки можно задать лишь несколько вопросов (C4); дождитесь ответа или спросите завтра.",
            en: "Only so many questions can be asked in 24 hours (rule C4); wait for an answer, or ask tomorrow."))

    package static let ofConsultations: [ProblemKind] = [
        notYourConsultation, consultationState, consultationClosed, tooManyQuestions,
    ]
}
