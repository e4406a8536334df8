import Diary
import JSON
import Transfer
import Web

/// The fields of a webhook that a request sets, as one JSON object.
struct WebhookBody {
    let json: String
    /// Whether it sets the state to `enabled`.
    let enables: Bool

    /// - Parameter scopes: those of the webhook's client.
    init(_ body: JSONValue, isNew: Bool, _ caller: Caller, scopes: [String]) throws {
        let outbox = caller.services.outbox
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        var writer = JSONWriter()
        writer.beginObject()
        for field in isNew ? Self.fields : Self.fields + [Self.state] {
            field.copy(from: &reader, to: &writer, isNew: isNew)
        }
        let known = outbox.feed.entities(for: Set(scopes.compactMap { ProgramScope(rawValue: $0) }))
        let entities = reader.enumerations("entities", of: known, .nullable)
        switch entities {
        case .absent: break
        case .null:
            writer.key("entities")
            writer.null()
        case .value(let names):
            if case .array(let items)? = body["entities"], items.isEmpty {
                reader.add("entities", .tooShort, ["minimum": "1"])
            }
            writer.key("entities")
            writer.beginArray()
            for name in names { writer.string(name) }
            writer.endArray()
        }
        writer.endObject()
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        if let url = body["url"]?.text, let fault = outbox.transfer.fault(in: url) { throw fault.problem }
        json = String(decoding: writer.bytes, as: UTF8.self)
        enables = body["state"]?.text == "enabled"
    }

    private static let fields = [
        ResourceField("url", .text(maximum: 1000)), ResourceField("description", .text(maximum: 200)).nullable,
    ]
    private static let state = ResourceField("state", .word(["enabled", "disabled"]))
}

extension URLFault {
    fileprivate var problem: Problem {
        let refusal =
            switch self {
            case .invalid:
                Refusal(
                    field: "url", code: rawValue, ru: "Это не адрес вида https://host/path.",
                    en: "This is not an address like https://host/path.")
            case .scheme:
                Refusal(field: "url", code: rawValue, ru: "Нужен адрес с https.", en: "The address must use https.")
            case .credentials:
                Refusal(
                    field: "url", code: rawValue, ru: "В адресе не должно быть имени и пароля.",
                    en: "The address must not contain a user or a password.")
            case .forbiddenAddress:
                Refusal(
                    field: "url", code: rawValue,
                    ru:
                        "Сервер не отправляет запросы в локальные сети; нужный адрес разрешает outbox.allowed_networks.",
                    en:
                        "The server sends nothing to private networks; its operator can allow some with outbox.allowed_networks."
                )
            }
        return refusal.problem
    }
}
