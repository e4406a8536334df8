import HTTP1
import Web

/// Problems of push subscriptions and of addresses for mail.
extension ProblemKind {
    package static let pushNotConfigured = ProblemKind(
        "push_not_configured", .conflict,
        title: Text(ru: "Уведомления на устройства не настроены", en: "Pushes not configured"),
        detail: Text(
            ru: "На этом сервере нет ключа для уведомлений на устройства; его задаёт администратор сервера.",
            en: "This server has no key for pushes; its operator has to set one."))
    package static let tooManyPushSubscriptions = ProblemKind(
        "too_many_push_subscriptions", .conflict,
        title: Text(ru: "Слишком много устройств", en: "Too many devices"),
        detail: Text(
            ru: "У вас уже 20 устройств с уведомлениями; удалите одно из них.",
            en: "You have 20 devices with pushes already; delete one of them."))
    package static let mailNotConfigured = ProblemKind(
        "mail_not_configured", .conflict,
        title: Text(ru: "Почта не настроена", en: "Mail not configured"),
        detail: Text(
            ru: "Этот сервер не отправляет писем; почту настраивает администратор сервера.",
            en: "This server sends no mail; its operator has to configure a mail server."))
    package static let tooManyEmailCodes = ProblemKind(
        "too_many_email_codes", .conflict,
        title: Text(ru: "Слишком много кодов", en: "Too many codes"),
        detail: Text(
            ru: "За сутки на этот адрес или для вас отправлено уже 5 кодов; повторите завтра.",
            en: "5 codes were sent to this address or for you today; try again tomorrow."))
    package static let wrongEmailCode = ProblemKind(
        "wrong_email_code", .conflict,
        title: Text(ru: "Неверный код", en: "Wrong code"),
        detail: Text(
            ru: "Код неверен или больше не действует; запросите новый.",
            en: "The code is wrong or no longer valid; ask for a new one."))

    package static let ofTheOutbox: [ProblemKind] = [
        pushNotConfigured, tooManyPushSubscriptions, mailNotConfigured, tooManyEmailCodes, wrongEmailCode,
    ]
}
