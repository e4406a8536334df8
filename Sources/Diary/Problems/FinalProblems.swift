import HTTP1
import Web

/// Problems of final marks, debts and marks for conduct.
extension ProblemKind {
    package static let reasonRequired = ProblemKind(
        "reason_required", .conflict,
        title: Text(ru: "Нужна причина", en: "Reason required"),
        detail: Text(
            ru: """
                Отметок меньше минимума или пропущено не больше 75 % уроков (M7): укажите причину (reason) или другое \
                значение.
                """,
            en: """
                There are fewer marks than the minimum, or at most 75 % of the lessons were missed (rule M7): give a \
                reason or another value.
                """))
    package static let orderRequired = ProblemKind(
        "order_required", .conflict,
        title: Text(ru: "Нужен приказ", en: "Order required"),
        detail: Text(
            ru: "Освобождение ставят по приказу (M7): укажите приказ школы (order_id).",
            en: "An exemption needs an order (rule M7): name an order of the school in order_id."))
    package static let notYourSection = ProblemKind(
        "not_your_section", .conflict,
        title: Text(ru: "Не ваш журнал", en: "Not your section"),
        detail: Text(
            ru: "Итоговые отметки ставит учитель, который ведёт этот журнал (A4).",
            en: "Only a teacher of the section gives its final marks (rule A4)."))
    package static let finalsRefused = ProblemKind(
        "finals_refused", .conflict,
        title: Text(ru: "Итоговые отметки не изменены", en: "Final marks not changed"),
        detail: Text(
            ru: "Часть отметок отклонена по разным причинам (см. errors), поэтому не записано ничего.",
            en: "Some items were refused for different reasons (see errors), so nothing was written."))
    package static let debtNotOpen = ProblemKind(
        "debt_not_open", .conflict,
        title: Text(ru: "Долг закрыт", en: "Debt is not open"),
        detail: Text(
            ru: "Задолженность ликвидирована или отменена (M13); новые попытки не записывают.",
            en: "The debt was settled or cancelled (rule M13); it takes no further attempts."))
    package static let attemptHasResult = ProblemKind(
        "attempt_has_result", .conflict,
        title: Text(ru: "У попытки есть результат", en: "Attempt has a result"),
        detail: Text(
            ru: "Попытку с результатом не удаляют (M13); исправьте результат.",
            en: "An attempt with a result is not deleted (rule M13); correct the result."))
    package static let conductNotMarked = ProblemKind(
        "conduct_not_marked", .conflict,
        title: Text(ru: "Отметок за поведение нет", en: "Conduct is not marked"),
        detail: Text(
            ru: "Школа не ставит отметок за поведение (M14); это меняет настройка conduct_scale.",
            en: "The school gives no marks for conduct (rule M14); the setting conduct_scale changes this."))

    package static let ofFinals: [ProblemKind] = [
        reasonRequired, orderRequired, notYourSection, finalsRefused, debtNotOpen, attemptHasResult, conductNotMarked,
    ]
}
