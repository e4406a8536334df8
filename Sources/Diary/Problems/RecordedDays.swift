import JSON
import Web

extension Problem {
    /// L5: the records that a change of an enrollment or a membership would exclude, from the DETAIL of
    /// `lyceum.refuse_lost_records`.
    ///
    /// - Parameter field: the field of the body to which all of them point; nil: each record has its own.
    package init(recordedDays detail: String?, at field: String? = nil) {
        let told = detail.flatMap { try? JSONValue(parsing: Array($0.utf8)) }
        guard let told, let count = told["count"]?.wholeNumber, case .array(let records)? = told["records"] else {
            self.init(.recordedDays)
            return
        }
        let rest = count > records.count
        self.init(
            .recordedDays,
            detail: Text(
                ru: "Записей в дни, которые больше не входили бы в зачисление или группу (L5): \(count)"
                    + (rest ? ", здесь первые \(records.count)" : "")
                    + ". Уберите их или выберите дни, в которые они входят; при переводе их переносит move_records.",
                en: "Records on days that would no longer belong to the enrollment or membership (rule L5): \(count)"
                    + (rest ? "; these are the first \(records.count)" : "")
                    + ". Clear them, or choose days that include them; a class change moves them with move_records."),
            items: records.map { .init(record: $0, at: field) })
    }
}

extension Problem.Item {
    fileprivate init(record: JSONValue, at field: String?) {
        let what = record["what"]?.text ?? ""
        let place = "\(record["date"]?.text ?? ""), \(record["name"]?.text ?? "")"
        let words =
            switch what {
            case "mark": Text(ru: "отметка", en: "mark")
            case "absence": Text(ru: "посещаемость", en: "attendance")
            case "feedback": Text(ru: "отзыв", en: "feedback")
            default: Text(ru: "итоговая отметка", en: "final mark")
            }
        self.init(
            pointer: (field ?? record["field"]?.text).map { "/" + $0 } ?? "", code: what,
            detail: Text(ru: "\(place): \(words.russian)", en: "\(place): \(words.english)"))
        members = ["date", "section_id", "lesson_id"].compactMap { name in record[name]?.text.map { (name, $0) } }
    }
}
