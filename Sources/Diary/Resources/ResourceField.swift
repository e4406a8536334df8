import JSON
import Web

/// A field of a `Resource`: its name in JSON and in the table, which values a client may write, and how it is read.
package struct ResourceField: Sendable {
    package enum Rule: Sendable {
        /// 1 to `maximum` characters.
        case text(maximum: Int)
        case integer(ClosedRange<Int>)
        case decimal(wholeDigits: Int, fractionDigits: Int)
        case boolean
        case date
        /// `HH:MM`, local.
        case time
        case identifier
        case word([String])
        /// A non-empty list of distinct numbers from 1 to 11.
        case gradeLevels
        /// A list of distinct words from these.
        case words([String])
        /// A list of at most `maximumCount` distinct texts, each of 1 to `maximum` characters. `fault` is an additional
        /// check: it returns an error code for a text, or nil.
        case texts(maximumCount: Int, maximum: Int, fault: @Sendable (String) -> String? = { _ in nil })
        /// A list that is always replaced as a whole.
        case rows([ResourceField], maximum: Int)
    }

    package let name: String
    package let rule: Rule
    package private(set) var isNullable = false
    /// Set on creation and never changed.
    package private(set) var isFixed = false
    /// Set by the database.
    package private(set) var isReadOnly = false
    /// A part of a person's name, which is stored without superfluous blanks.
    private var isPersonName = false
    /// The default value for new rows, as JSON. A field without a default is required, unless it is nullable.
    package private(set) var initial: String?
    /// The SQL expression that reads the field from the row `t`.
    package private(set) var selected: String
    /// The SQL that a filter compares, if it differs from `selected`.
    private var compared: String?

    package init(_ name: String, _ rule: Rule) {
        self.name = name
        self.rule = rule
        selected =
            switch rule {
            case .gradeLevels, .words, .texts: "to_json(t.\(name))"
            default: "t.\(name)"
            }
    }

    package var nullable: ResourceField { with { $0.isNullable = true } }
    package var readOnly: ResourceField { with { $0.isReadOnly = true } }
    package var fixed: ResourceField { with { $0.isFixed = true } }
    package var personName: ResourceField { with { $0.isPersonName = true } }
    package func initially(_ json: String) -> ResourceField { with { $0.initial = json } }
    package func selected(as sql: String) -> ResourceField { with { $0.selected = sql } }
    package func filtered(as sql: String) -> ResourceField { with { $0.compared = sql } }
    var filtered: String { compared ?? selected }

    /// Whether the field is a writable column of the resource's own table.
    package var isColumn: Bool {
        if isReadOnly { return false }
        if case .rows = rule { return false }
        return !isArchived
    }
    /// Whether the field is `archived`, which is stored as a timestamp.
    package var isArchived: Bool { name == "archived" }

    /// The field's type in the sort key of a list, and that type in PostgreSQL.
    package var sortKey: Page.Key {
        switch rule {
        case .integer: .integer
        case .date: .date
        case .identifier: .identifier
        default: .text
        }
    }
    package var sqlType: String {
        switch sortKey {
        case .integer: "int"
        case .largeInteger: "bigint"
        case .date: "date"
        case .identifier: "uuid"
        case .text: "text"
        }
    }

    package static let externalID = ResourceField("external_id", .text(maximum: 200)).nullable
    /// No longer offered for new records, but kept for existing ones.
    package static let archived = ResourceField("archived", .boolean).initially("false").selected(
        as: "t.archived_at IS NOT NULL")

    private func with(_ change: (inout ResourceField) -> Void) -> ResourceField {
        var field = self
        change(&field)
        return field
    }
}

// MARK: Reading a body

extension ResourceField {
    /// Reads the field's member. If it is present and valid, writes it into the open object.
    package func copy(from reader: inout ObjectReader, to writer: inout JSONWriter, isNew: Bool) {
        if isReadOnly || isFixed && !isNew {
            if !reader.any(name, .nullable).isAbsent {
                let code = isReadOnly ? "read_only_field" : "fixed_field"
                reader.problems.add(FieldProblem(reader.pointer.appending(name), code))
            }
            return
        }
        let presence: Presence =
            isNullable ? .nullable : isNew && initial == nil ? .required : .optional
        switch rule {
        case .text(let maximum):
            // The length of a name counts as it is stored, without superfluous blanks.
            let text = reader.string(
                name, presence, minimumLength: 1, maximumLength: isPersonName ? 10_000 : maximum
            ).map { isPersonName ? ($0, PersonName.tidied($0)) : ($0, $0) }
            if let (sent, stored) = text.value {
                if let code = Self.fault(in: sent) {
                    reader.problems.add(FieldProblem(reader.pointer.appending(name), code))
                } else if stored.unicodeScalars.count > maximum {
                    reader.add(name, .tooLong, ["maximum": String(maximum)])
                }
            }
            put(text, &writer) { $0.string($1.1) }
        case .integer(let range): put(reader.integer(name, presence, in: range), &writer) { $0.integer($1) }
        case .decimal(let whole, let fraction):
            put(reader.decimal(name, presence, wholeDigits: whole, fractionDigits: fraction), &writer) { $0.number($1) }
        case .boolean: put(reader.boolean(name, presence), &writer) { $0.boolean($1) }
        case .date: put(reader.date(name, presence), &writer) { $0.string($1) }
        case .time: put(reader.time(name, presence), &writer) { $0.string($1) }
        case .identifier: put(reader.uuid(name, presence), &writer) { $0.string($1) }
        case .word(let words): put(reader.enumeration(name, of: words, presence), &writer) { $0.string($1) }
        case .gradeLevels:
            put(reader.integers(name, presence, minimumCount: 1, maximumCount: 11, in: 1...11), &writer) {
                writer, levels in
                writer.beginArray()
                for level in levels { writer.integer(level) }
                writer.endArray()
            }
        case .words(let words):
            put(reader.enumerations(name, of: words, presence), &writer) { writer, chosen in
                writer.beginArray()
                for word in chosen { writer.string(word) }
                writer.endArray()
            }
        case .texts(let count, let maximum, let check):
            let texts = reader.strings(name, presence, maximumCount: count, maximumLength: maximum)
            for (index, text) in (texts.value ?? []).enumerated() {
                guard let code = Self.fault(in: text) ?? check(text) else { continue }
                reader.problems.add(FieldProblem(reader.pointer.appending(name).appending(index), code))
            }
            put(texts, &writer) { writer, texts in
                writer.beginArray()
                for text in texts { writer.string(text) }
                writer.endArray()
            }
        case .rows(let fields, let maximum):
            put(reader.objects(name, presence, maximumCount: maximum), &writer) { writer, rows in
                writer.beginArray()
                for var row in rows {
                    writer.beginObject()
                    for field in fields { field.copy(from: &row, to: &writer, isNew: true) }
                    writer.endObject()
                    row.finish()
                }
                writer.endArray()
            }
        }
        if isNew, let initial, reader.isMissing(name) {
            writer.key(name)
            writer.raw(Array(initial.utf8))
        }
    }

    /// People read these texts, so control characters and blank texts are refused.
    private static func fault(in text: String) -> String? {
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            return "control_character"
        }
        return text.allSatisfy { $0.isWhitespace } ? "blank" : nil
    }

    private func put<Value>(
        _ field: Field<Value>, _ writer: inout JSONWriter, _ write: (inout JSONWriter, Value) -> Void
    ) {
        switch field {
        case .absent: return
        case .null:
            writer.key(name)
            writer.null()
        case .value(let value):
            writer.key(name)
            write(&writer, value)
        }
    }
}
