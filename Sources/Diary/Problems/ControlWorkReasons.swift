import JSON
import Web

extension Problem {
    /// M9: the reasons against a control work, from the DETAIL of `lyceum.refuse_control_work`.
    ///
    /// - Parameter pointer: the field of the body to which all of them point; empty: the body.
    package init(controlWork detail: String?, at pointer: String = "") {
        let told = detail.flatMap { try? JSONValue(parsing: Array($0.utf8)) }
        self.init(.controlWorkNotAllowed, items: Item.reasons(againstControlWork: told?["reasons"], at: pointer))
    }
}

extension Problem.Item {
    /// - Parameter reasons: the JSON text of `lyceum.control_work_reasons`.
    package static func reasons(againstControlWork reasons: String, at pointer: String) -> [Problem.Item] {
        Self.reasons(againstControlWork: try? JSONValue(parsing: Array(reasons.utf8)), at: pointer)
    }

    fileprivate static func reasons(againstControlWork reasons: JSONValue?, at pointer: String) -> [Problem.Item] {
        guard case .array(let reasons)? = reasons else { return [] }
        return reasons.map { reason in
            let code = reason["code"]?.text ?? ""
            var item = Problem.Item(pointer: pointer, code: code, detail: detail(code, reason))
            item.members = ["lesson_id", "date"].compactMap { name in reason[name]?.text.map { (name, $0) } }
            return item
        }
    }

    private static func detail(_ code: String, _ reason: JSONValue) -> Text {
        let place = "\(reason["name"]?.text ?? ""), \(reason["date"]?.text ?? "")"
        switch code {
        case "another_that_day":
            return Text(
                ru: "В этот день у класса уже есть контрольная: \(place).",
                en: "The class has another control work on that day: \(place).")
        case "within_17_days":
            return Text(
                ru: "По предмету уже есть контрольная ближе чем через 17 дней: \(place).",
                en: "The subject has another control work less than 17 days away: \(place).")
        case "first_lesson":
            return Text(ru: "Это первый урок дня.", en: "It is the first lesson of the day.")
        case "last_lesson":
            return Text(ru: "Это последний урок дня.", en: "It is the last lesson of the day.")
        default:
            let works = reason["works"]?.wholeNumber ?? 0
            let allowed = reason["allowed"]?.wholeNumber ?? 0
            return Text(
                ru: "Больше 10 % часов предмета: контрольных уже \(works), можно \(allowed).",
                en:
                    "More than 10 % of the subject's hours: there are \(works) control works already, and \(allowed) may be."
            )
        }
    }
}
