import Diary
import Postgres
import Web

/// What a report consists of, in the order of reading: gates first, then what is shown.
package struct ReportContent {
    let parts: [ReportPart]
    /// Returns `ids`, the students whose profiles the report shows (K2).
    let profiles: Query?

    package init(profiles: Query? = nil, @ReportBuilder _ parts: () -> [ReportPart]) {
        self.parts = parts()
        self.profiles = profiles
    }
}

package enum ReportPart {
    case gate(Gate)
    case silent(Query)
    case facts(Facts)
    case table(Table)
    case pivot(Pivot)
    case chart(Chart)
    case notes(Notes)
    case parts([ReportPart])
}

/// Facts about the whole report, such as its class: a one-row query, an object in JSON, and lines above the tables on
/// paper.
package struct Facts {
    let name: String
    let query: Query
    let columns: [Column]

    /// - Parameter columns: those that paper shows; JSON shows all of the query.
    package init(_ name: String, _ query: Query, _ columns: [Column] = []) {
        self.name = name
        self.query = query
        self.columns = columns
    }
}

/// A table: a list in JSON, and a sheet of a workbook.
package struct Table {
    let name: String
    let title: Text?
    let query: Query
    let columns: [Column]
    let total: Query?
    let isOptional: Bool

    /// - Parameters:
    ///   - name: the list in JSON, and the value of `table` that selects it for CSV.
    ///   - title: above the table on paper.
    ///   - columns: those of tables; JSON shows all of the query.
    ///   - total: one row for the bottom of the table, with those of the columns that have a total; `<name>_total` in
    ///     JSON.
    ///   - isOptional: paper leaves it out without rows.
    package init(
        _ name: String, title: Text? = nil, _ query: Query, total: Query? = nil, isOptional: Bool = false,
        _ columns: [Column]
    ) {
        self.isOptional = isOptional
        self.name = name
        self.title = title
        self.query = query
        self.total = total
        self.columns = columns
    }
}

/// A table whose columns are data, such as the subjects of a class: rows, columns, and the cells where they meet. In
/// JSON the columns are a list of their own, and each row has a list `cells`.
package struct Pivot {
    /// The columns that come from a query. Their titles are the values of `label`, those above them of `group`.
    package struct Across {
        let name: String
        let query: Query
        let key: String
        let label: String
        let group: String?
        let width: Double
        let words: [String: Text]

        /// - Parameters:
        ///   - name: the list in JSON; pivots that share the columns share it.
        ///   - key: the column that the cells name in their column `_across`.
        ///   - label: the column with the title.
        ///   - group: the column with a title above several neighbours.
        ///   - width: of each column, in characters.
        ///   - words: what tables show for a label that is a code.
        package init(
            _ name: String, _ query: Query, key: String = "id", label: String = "name", group: String? = nil,
            width: Double = 6, words: [String: Text] = [:]
        ) {
            self.name = name
            self.query = query
            self.key = key
            self.label = label
            self.group = group
            self.width = width
            self.words = words
        }
    }

    /// The values of the table, in the order of the rows: `_parent` is the row's key and `_across` the column's.
    package struct Cells {
        let query: Query
        let value: String
        let kind: Column.Kind

        package init(_ query: Query, value: String = "value", _ kind: Column.Kind) {
            self.query = query
            self.value = value
            self.kind = kind
        }
    }

    let name: String
    let title: Text?
    let rows: Query
    let key: String
    let before: [Column]
    let across: Across
    let cells: Cells
    let after: [Column]

    /// - Parameters:
    ///   - key: the column of the rows that the cells name in their column `_parent`.
    ///   - before: columns of the rows, left of the cells.
    ///   - after: columns of the rows, right of the cells.
    package init(
        _ name: String, title: Text? = nil, _ rows: Query, key: String = "id", before: [Column], across: Across,
        cells: Cells, after: [Column] = []
    ) {
        self.name = name
        self.title = title
        self.rows = rows
        self.key = key
        self.before = before
        self.across = across
        self.cells = cells
        self.after = after
    }
}

/// Sentences below the tables: a list in JSON.
package struct Notes {
    let name: String
    let query: Query
    let sentence: @Sendable (Rows, Int, Language) -> String

    package init(_ name: String, _ query: Query, _ sentence: @escaping @Sendable (Rows, Int, Language) -> String) {
        self.name = name
        self.query = query
        self.sentence = sentence
    }
}

/// A column of a table, or a fact.
package struct Column: Sendable {
    package enum Kind: Sendable, Equatable {
        case text
        case integer
        /// A number with this many digits after the point.
        case decimal(Int)
        /// A percentage with one digit, already rounded (`lyceum.percent`).
        case percent
        case date
        /// The school's local time as `YYYY-MM-DD HH:MM` (`lyceum.local_time`).
        case moment
        /// The typed union of `lyceum.mark_value` (M2).
        case mark
        case flag
        /// The members `last_name`, `first_name`, `middle_name` of an object, or of the row if the key is empty.
        case person
        /// The same with initials.
        case shortPerson
        /// The position of the row.
        case number
        /// Empty, to be written on paper.
        case blank
    }

    let key: String
    let title: Text
    let kind: Kind
    let width: Double
    let words: [String: Text]
    let isOptional: Bool

    /// - Parameters:
    ///   - key: the column of the query, by its alias.
    ///   - width: in characters; nil: the usual width of the kind.
    ///   - isOptional: paper leaves it out where no row has a value, such as marks in grade 1.
    ///   - words: what tables show for a code, such as «Открыт» for `open`; a text without a word stands as it is.
    package init(
        _ key: String, _ kind: Kind = .text, width: Double? = nil, words: [String: Text] = [:],
        isOptional: Bool = false, ru: String, en: String
    ) {
        self.key = key
        self.kind = kind
        self.width = width ?? kind.width
        self.words = words
        self.isOptional = isOptional
        title = Text(ru: ru, en: en)
    }

    /// The position of the row.
    package static let number = Column("", .number, ru: "№", en: "No.")

    /// Empty, to be written on paper.
    package static func blank(width: Double, ru: String, en: String) -> Column {
        Column("", .blank, width: width, ru: ru, en: en)
    }
}

extension Column.Kind {
    fileprivate var width: Double {
        switch self {
        case .text: 20
        case .integer, .mark: 7
        case .decimal, .percent, .flag: 8
        case .date: 11
        case .moment: 16
        case .person: 32
        case .shortPerson: 20
        case .number: 4
        case .blank: 10
        }
    }
}

@resultBuilder
package enum ReportBuilder {
    package static func buildExpression(_ gate: Gate) -> ReportPart { .gate(gate) }
    package static func buildExpression(_ silent: Silent) -> ReportPart { .silent(silent.query) }
    package static func buildExpression(_ facts: Facts) -> ReportPart { .facts(facts) }
    package static func buildExpression(_ table: Table) -> ReportPart { .table(table) }
    package static func buildExpression(_ pivot: Pivot) -> ReportPart { .pivot(pivot) }
    package static func buildExpression(_ chart: Chart) -> ReportPart { .chart(chart) }
    package static func buildExpression(_ notes: Notes) -> ReportPart { .notes(notes) }
    package static func buildExpression(_ parts: [ReportPart]) -> ReportPart { .parts(parts) }
    package static func buildBlock(_ parts: ReportPart...) -> [ReportPart] { parts }
    package static func buildOptional(_ parts: [ReportPart]?) -> ReportPart { .parts(parts ?? []) }
    package static func buildEither(first parts: [ReportPart]) -> ReportPart { .parts(parts) }
    package static func buildEither(second parts: [ReportPart]) -> ReportPart { .parts(parts) }
}

extension ReportContent {
    /// Without nesting.
    /// Of the tables that CSV can have.
    var tableNames: [String] {
        flat.compactMap { part in
            switch part {
            case .table(let table): table.name
            case .pivot(let pivot): pivot.name
            default: nil
            }
        }
    }

    var flat: [ReportPart] { Self.flat(parts) }

    private static func flat(_ parts: [ReportPart]) -> [ReportPart] {
        parts.flatMap { part in
            if case .parts(let inner) = part { flat(inner) } else { [part] }
        }
    }
}
