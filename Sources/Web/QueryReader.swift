import HTTP1
import JSON

/// Reads a request's query parameters, collects all problems, and refuses parameters that were never read.
package struct QueryReader {
    private let items: [(name: String, value: String)]
    private var known: Set<String> = []
    private var problems: [Problem.Item] = []
    /// In front of the names in pointers.
    private let place: JSONPointer

    /// Parameters that stand in the object `place` of a request's body, read by the same rules.
    package init(_ items: [(name: String, value: String)], in place: JSONPointer) {
        self.items = items
        self.place = place
    }

    package init(_ request: Request) throws {
        place = JSONPointer("query")
        do {
            items = try QueryItems(request.head.query).items
        } catch {
            throw Problem(error)
        }
    }

    /// A parameter's value. A repeated parameter is a problem.
    package mutating func text(_ name: String) -> String? {
        known.insert(name)
        let values = items.filter { $0.name == name }
        if values.count > 1 {
            add(name, "repeated", Text(ru: "Параметр указан дважды.", en: "The parameter is given twice."))
        }
        return values.first?.value
    }

    /// - Parameter maximum: in code points.
    package mutating func text(_ name: String, maximum: Int) -> String? {
        parsed(
            name, "too_long",
            Text(ru: "Не длиннее \(maximum) символов.", en: "At most \(maximum) characters are allowed.")
        ) { $0.unicodeScalars.count <= maximum ? $0 : nil }
    }

    package mutating func identifier(_ name: String) -> String? {
        parsed(name, "not_a_uuid", Text(ru: "Ожидается UUID.", en: "A UUID is expected.")) {
            FieldParsing.canonicalUUID($0)
        }
    }

    /// UUIDs with a comma between, at least one.
    package mutating func identifiers(_ name: String, atMost limit: Int) -> [String]? {
        let parts = parts(name)
        if let parts, parts.count > limit {
            add(
                name, "too_many",
                Text(ru: "Не больше \(limit) за один запрос.", en: "At most \(limit) are allowed in one request."))
            return nil
        }
        let identifiers = parts?.compactMap { FieldParsing.canonicalUUID($0) }
        if identifiers?.count != parts?.count {
            add(
                name, "not_a_uuid",
                Text(ru: "Ожидаются UUID через запятую.", en: "UUIDs with a comma between are expected."))
        }
        return identifiers
    }

    /// Some of these words, with a comma between.
    package mutating func options(_ name: String, amongst values: [String]) -> [String]? {
        let parts = parts(name)
        if let strange = parts?.first(where: { !values.contains($0) }) {
            let list = values.joined(separator: ", ")
            add(
                name, "not_one_of",
                Text(
                    ru: "Значения «\(strange)» нет. Через запятую можно указать: \(list).",
                    en: "There is no \(strange). These can be given, with a comma between: \(list)."))
        }
        return parts
    }

    private mutating func parts(_ name: String) -> [String]? {
        text(name)?.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    }

    package mutating func date(_ name: String) -> String? {
        parsed(name, "not_a_date", Text(ru: "Ожидается дата ГГГГ-ММ-ДД.", en: "A date YYYY-MM-DD is expected.")) {
            CalendarDate.isValid($0) ? $0 : nil
        }
    }

    package mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        parsed(
            name, "out_of_range",
            Text(
                ru: "Ожидается целое число от \(range.lowerBound) до \(range.upperBound).",
                en: "A whole number from \(range.lowerBound) to \(range.upperBound) is expected.")
        ) { text in Int(text).flatMap { range.contains($0) && String($0) == text ? $0 : nil } }
    }

    package mutating func flag(_ name: String) -> Bool {
        parsed(name, "not_one_of", Text(ru: "Ожидается true или false.", en: "true or false is expected.")) {
            $0 == "true" ? true : $0 == "false" ? false : nil
        } ?? false
    }

    package mutating func option(_ name: String, of values: [String]) -> String? {
        let list = values.joined(separator: ", ")
        return parsed(name, "not_one_of", Text(ru: "Ожидается одно из: \(list).", en: "One of \(list) is expected.")) {
            values.contains($0) ? $0 : nil
        }
    }

    /// Reports the parameter if the client did not send it.
    package mutating func require(_ name: String) {
        if items.contains(where: { $0.name == name }) { return }
        add(name, "required", Text(ru: "Передайте этот параметр.", en: "This parameter is required."))
    }

    package mutating func add(_ name: String, _ code: String, _ detail: Text) {
        problems.append(.init(pointer: place.appending(name).text, code: code, detail: detail))
    }

    /// Throws the problems found. To be called after the last read.
    package func finish() throws {
        if !problems.isEmpty { throw Problem(.invalidParameter, items: problems) }
        var unknown: [Problem.Item] = []
        for item in items where !known.contains(item.name) {
            unknown.append(
                .init(
                    pointer: place.appending(item.name).text, code: "unknown_parameter",
                    detail: Text(ru: "Такого параметра здесь нет.", en: "There is no such parameter here.")))
        }
        if !unknown.isEmpty { throw Problem(.unknownParameter, items: unknown) }
    }

    private mutating func parsed<Value>(
        _ name: String, _ code: String, _ detail: Text, _ parse: (String) -> Value?
    ) -> Value? {
        guard let text = text(name) else { return nil }
        guard let value = parse(text) else {
            add(name, code, detail)
            return nil
        }
        return value
    }
}
