import Diary
import JSON
import Postgres
import Web

/// A new announcement, or a change of one.
struct AnnouncementBody {
    let title: String?
    let text: String?
    let audience: Audience?
    let isPinned: Bool?
    let asksAcknowledgement: Bool?
    let startsAt: String?
    let endsAt: Field<String>
    let isWithdrawn: Bool

    init(_ json: JSONValue, isNew: Bool) throws {
        let presence: Presence = isNew ? .required : .optional
        let problems = FieldProblems()
        var reader = ObjectReader(json, problems: problems)
        title = reader.writtenText("title", presence, maximum: 200).value
        text = reader.writtenText("text", presence, maximum: 10_000).value
        let items = reader.objects("audience", presence, minimumCount: 1, maximumCount: 100).value
        audience = items.map { Audience($0) }
        isPinned = reader.boolean("is_pinned", .optional).value
        asksAcknowledgement = reader.boolean("asks_acknowledgement", .optional).value
        startsAt = reader.moment("starts_at", .optional).value
        endsAt = reader.moment("ends_at", .nullable)
        isWithdrawn = isNew ? false : reader.boolean("withdrawn", .optional).value ?? false
        reader.finish()
        if let problem = Problem(problems) { throw problem }
    }

    /// Throws what the database refused, at the place in the body.
    func check(_ results: Results) throws {
        guard let refusal = results.refusal else { return }
        let pointer = refusal.detail.flatMap { audience?.pointers[$0] } ?? "/audience"
        switch (refusal.sqlState, refusal.constraint) {
        case ("LYU04", _):
            let kind = ProblemKind.notYourAudience
            guard audience != nil else { throw Problem(kind) }
            throw Problem(kind, items: [.init(pointer: pointer, code: kind.code, detail: kind.detail)])
        case (_, "announcements_audience_fkey"):
            throw Refusal.unknown(String(pointer.dropFirst())).problem
        default: try results.check(Self.refusals)
        }
    }

    private static let refusals = [
        "announcements_dates": Refusal.endsBeforeStart("ends_at"),
        "announcements_length": Refusal(
            field: "ends_at", code: "range_too_long", ru: "Объявление показывают не дольше 366 дней.",
            en: "An announcement is shown for at most 366 days."),
    ]
}

/// Whom an announcement is for, as addresses (`lyceum.are_addresses`).
struct Audience {
    private(set) var addresses: [String] = []
    /// The place of each address in the body.
    private(set) var pointers: [String: String] = [:]

    private static let roles = ["administrator", "head", "deputy_head", "teacher", "class_teacher"]
    private static let members = ["students", "guardians", "staff"]

    fileprivate init(_ items: [ObjectReader]) {
        for var item in items {
            read(&item)
            item.finish()
        }
    }

    private mutating func read(_ item: inout ObjectReader) {
        let kind = item.enumeration("kind", of: ["school", "grade_level", "class", "group", "role"]).value
        var place: String?
        var field: String?
        switch kind {
        case "school": place = "school"
        case "grade_level":
            field = "grade_level"
            place = item.integer("grade_level", in: 1...11).value.map { "grade_level/\($0)" }
        case "class":
            field = "class_id"
            place = item.uuid("class_id").value.map { "class/\($0)" }
        case "group":
            field = "group_id"
            place = item.uuid("group_id").value.map { "group/\($0)" }
        case "role":
            field = "role"
            place = item.enumeration("role", of: Self.roles).value.map { "role/\($0)" }
        default:
            // The other fields depend on the kind.
            for name in ["grade_level", "class_id", "group_id", "role", "members"] { _ = item.any(name, .nullable) }
            return
        }
        // Only staff have roles.
        let words = kind == "role" ? ["staff"] : Self.members
        let members = item.enumerations("members", of: words, kind == "role" ? .optional : .required)
        if let members = members.value, members.isEmpty { item.add("members", .tooShort, ["minimum": "1"]) }
        guard let place else { return }
        for member in members.value ?? ["staff"] {
            let address = "\(member)/\(place)"
            addresses.append(address)
            if pointers[address] == nil {
                pointers[address] = (field.map { item.pointer.appending($0) } ?? item.pointer).text
            }
        }
    }
}
