import Diary
import JSON
import Postgres
import Web

/// The body of a new substitution. Each kind has its own fields.
struct SubstitutionBody {
    enum Kind: String, CaseIterable, Sendable {
        case replace
        case merge
        case move
        case cancel
        case otherSubject = "other_subject"

        fileprivate var required: Set<String> {
            switch self {
            case .replace, .cancel: []
            case .merge: ["other_lesson_id"]
            case .move: ["date", "slot"]
            case .otherSubject: ["section_id"]
            }
        }

        fileprivate var optional: Set<String> {
            switch self {
            case .replace, .otherSubject: ["teacher_id", "room_id"]
            case .merge, .cancel: []
            case .move: ["bell_schedule_id", "teacher_id", "room_id"]
            }
        }
    }

    private let kind: Kind?
    private let reason: String?
    private var values: [String: String] = [:]
    private var slot: Int?

    init(_ body: JSONValue) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        let kind = reader.enumeration("kind", Kind.self).value
        self.kind = kind
        // A field of another kind is reported as unknown.
        func presence(_ name: String) -> Presence? {
            guard let kind else { return .nullable }
            return kind.required.contains(name) ? .required : kind.optional.contains(name) ? .nullable : nil
        }
        values["lesson_id"] = reader.uuid("lesson_id").value
        for name in ["teacher_id", "room_id", "other_lesson_id", "section_id", "bell_schedule_id"] {
            if let presence = presence(name) { values[name] = reader.uuid(name, presence).value }
        }
        if let presence = presence("date") { values["date"] = reader.date("date", presence).value }
        if let presence = presence("slot") { slot = reader.integer("slot", presence, in: 0...15).value }
        if kind == .replace, values["teacher_id"] == nil, values["room_id"] == nil {
            reader.add("teacher_id", .required)
        }
        reason = reader.isMissing("reason") ? nil : reader.reason()
        reader.finish()
        if let problem = Problem(problems) { throw problem }
    }

    /// From `$3` on in `Substitutions.insert`.
    var parameters: [Parameter] {
        [.text(kind?.rawValue)]
            + ["lesson_id", "teacher_id", "room_id", "other_lesson_id", "section_id", "date", "bell_schedule_id"].map {
                .text(values[$0])
            } + [slot.map { .integer($0) } ?? .null, .text(reason)]
    }
}
