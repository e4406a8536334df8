import HTTP1
import Web

/// Problems of threads and messages.
extension ProblemKind {
    package static let notARecipient = ProblemKind(
        "not_a_recipient", .unprocessableContent,
        title: Text(ru: "Этому человеку написать нельзя", en: "Not a recipient"),
        detail: Text(
            ru: "Кому-то из адресатов вы писать не можете (C1); выберите адресатов из /v1/recipients.",
            en: "You may not write to one of the recipients (rule C1); choose recipients from /v1/recipients."))
    package static let oneFamily = ProblemKind(
        "one_family", .unprocessableContent,
        title: Text(ru: "В переписке только одна семья", en: "One family in a thread"),
        detail: Text(
            ru: "В одной переписке — один ученик или родитель (A1, A3); для нескольких семей передайте student_ids.",
            en: "A thread has one student or guardian (rules A1, A3); for several families send student_ids."))
    package static let tooManyThreads = ProblemKind(
        "too_many_threads", .tooManyRequests,
        title: Text(ru: "Слишком много новых переписок", en: "Too many new threads"),
        detail: Text(
            ru: "За сутки можно начать лишь несколько переписок; продолжите одну из начатых или напишите завтра.",
            en: "Only a few threads can be begun in 24 hours; go on in one of them, or write tomorrow."))
    package static let threadClosed = ProblemKind(
        "thread_closed", .conflict,
        title: Text(ru: "Переписка закрыта", en: "Thread closed"),
        detail: Text(
            ru: "Никому из участников вы больше писать не можете (C1); переписка осталась только для чтения.",
            en: "You may no longer write to anybody in this thread (rule C1); it can only be read."))
    package static let cannotLeave = ProblemKind(
        "cannot_leave", .conflict,
        title: Text(ru: "Эту переписку не покинуть", en: "Cannot leave"),
        detail: Text(
            ru: "Покинуть можно переписку сотрудников, в которой останутся двое; отключите её уведомления.",
            en: "Only a thread of colleagues in which two others stay can be left; mute it instead."))
    package static let messageSettled = ProblemKind(
        "message_settled", .conflict,
        title: Text(ru: "Сообщение уже не изменить", en: "Message settled"),
        detail: Text(
            ru: "Сообщение можно изменить в течение 15 минут; напишите новое.",
            en: "A message can be changed for 15 minutes; write another one."))
    package static let notYourMessage = ProblemKind(
        "not_your_message", .forbidden,
        title: Text(ru: "Это не ваше сообщение", en: "Not your message"),
        detail: Text(ru: "Сообщение меняет только автор.", en: "Only its author changes a message."))
    package static let reportClosed = ProblemKind(
        "report_closed", .conflict,
        title: Text(ru: "Жалоба уже рассмотрена", en: "Report closed"),
        detail: Text(ru: "Директор уже закрыл эту жалобу.", en: "The head has closed this report before."))

    package static let ofThreads: [ProblemKind] = [
        notARecipient, oneFamily, tooManyThreads, threadClosed, cannotLeave, messageSettled, notYourMessage,
        reportClosed,
    ]
}
