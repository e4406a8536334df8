import HTTP1
import Web

/// Problems of webhooks.
extension ProblemKind {
    package static let appWithoutWebhooks = ProblemKind(
        "app_without_webhooks", .conflict,
        title: Text(ru: "У приложения нет вебхуков", en: "No webhooks for apps"),
        detail: Text(
            ru: "Вебхуки бывают только у интеграций: они читают изменения всей школы.",
            en: "Only integrations have webhooks: they read the changes of the whole school."))
    package static let tooManyWebhooks = ProblemKind(
        "too_many_webhooks", .conflict,
        title: Text(ru: "Слишком много вебхуков", en: "Too many webhooks"),
        detail: Text(
            ru: "У интеграции может быть не больше 10 вебхуков; удалите ненужный.",
            en: "An integration has at most 10 webhooks; delete one that is no longer needed."))
    package static let tooManyWaitingDeliveries = ProblemKind(
        "too_many_waiting_deliveries", .conflict,
        title: Text(ru: "Слишком много сообщений ждёт отправки", en: "Too many waiting deliveries"),
        detail: Text(
            ru: "Отправки ждут уже 10 проверочных и повторных сообщений этого вебхука; дождитесь их.",
            en: "10 tests and deliveries that are sent again wait for this webhook already; wait for them to end."))
    package static let webhookDisabled = ProblemKind(
        "webhook_disabled", .conflict,
        title: Text(ru: "Вебхук отключён", en: "Webhook disabled"),
        detail: Text(
            ru: "Вебхук отключён, disabled_reason называет причину; сначала включите его.",
            en: "The webhook is disabled, and disabled_reason says why; enable it first."))
    package static let webhooksUnavailable = ProblemKind(
        "webhooks_unavailable", .serviceUnavailable,
        title: Text(ru: "Вебхуки недоступны", en: "Webhooks unavailable"),
        detail: Text(
            ru:
                "На сервере не заданы ключи secrets.keys, которыми шифруются секреты вебхуков; обратитесь к его оператору.",
            en: "The server has no secrets.keys to encrypt the secrets of webhooks with; ask its operator."))

    package static let ofWebhooks: [ProblemKind] = [
        appWithoutWebhooks, tooManyWebhooks, tooManyWaitingDeliveries, webhookDisabled, webhooksUnavailable,
    ]
}
