import Postgres
import Web

/// A declared resource: a table with routes that list, read, create, change and delete rows.
///
package struct Resource: Sendable {
    /// Including `/v1/`.
    package let path: String
    package let table: String
    /// The name of the rows in the log of changes.
    package let entity: String
    /// The tables whose constraints a write can violate.
    package let tables: [String]
    package let noun: String
    package let plural: String
    /// The name of the row's id in paths.
    package let row: String
    package let parent: Parent?
    package let readers: Access
    package let makers: Access
    package let writers: Access
    package let visibility: Visibility?
    package let operations: Set<Operation>
    package let fields: [ResourceField]
    /// The field of a new row that names an existing person who gets the row.
    package let identity: String?
    package let filters: [Filter]
    package let order: [ResourceField]
    package let isSearchedByName: Bool
    /// The fields that a list shows by default; empty if it shows all.
    package let summary: Set<String>
    package let refusals: [String: Refusal]
    let recordsReading: Statement?
    let demands: Statement?
    let takesTurns: Statement?
    let children: [Statement]
    let statements: Statements

    package enum Operation: Sendable, CaseIterable {
        case list
        case create
        case get
        case update
        case delete
    }

    /// The parent of the rows: the column that refers to it, and its table. The path contains the column's name.
    package struct Parent: Sendable {
        package let column: String
        package let table: String

        package init(column: String, table: String) {
            self.column = column
            self.table = table
        }
    }

    /// A query parameter that limits a list to rows with one identifier.
    package struct Filter: Sendable, ExpressibleByStringLiteral {
        package let name: String
        let column: String

        /// - Parameter column: an SQL expression, if the filter is not a column of the row `t`.
        package init(_ name: String, on column: String) {
            self.name = name
            self.column = column
        }

        package init(stringLiteral name: String) { self.init(name, on: "t.\(name)") }
    }

    /// - Parameters:
    ///   - path: without `/v1/`. For rows of a parent it contains `{column}`.
    ///   - table: by default the path with underscores. It may be a view.
    ///   - entity: the name of the rows in the log of changes; by default the table's.
    ///   - tables: the tables behind a view, and those that `children` write.
    ///   - noun: the name of one row, for operation ids and, with `_id`, for the path. `plural` is the name of many.
    ///   - makers: who may create rows; by default the writers.
    ///   - visibility: conditions on the row, if the role alone does not decide who sees it.
    ///   - without: operations that the resource does not have or implements by hand.
    ///   - joined: columns from other tables.
    ///   - order: the sort fields of the list. They are never null; `id` is added at the end.
    ///   - isSearchedByName: whether lists take `q`, a part of a person's name.
    ///   - summary: the fields that a list shows by default, for long records or records of which most callers see
    ///     little. The list then takes `fields` for the others. A list without a summary shows all fields.
    ///   - recordsReading: a statement that records the read of one row: `$1` is the row (K2).
    ///   - demands: a statement that refuses fields that the caller may not set: `$1` is the fields as JSON, `$2` the
    ///     row.
    ///   - takesTurns: a statement that takes a lock before a change locks the row, if other writers take the two in this
    ///     order: `$1` is the school, `$2` the fields as JSON.
    ///   - children: statements that write rows of other tables: `$1` is the school, `$2` the fields as JSON; the
    ///     setting `changed` has the row.
    ///   - refusals: the problems for violated constraints, by constraint name. Constraints that `field(of:)` finds
    ///     need none.
    package init(
        path: String, table: String? = nil, entity: String? = nil, tables: [String] = [], noun: String,
        plural: String? = nil,
        row: String? = nil, parent: Parent? = nil, readers: Access = .signedIn, makers: Access? = nil,
        writers: Access = .managers, visibility: Visibility? = nil, without: Set<Operation> = [],
        fields: [ResourceField], joined: Joined = .nothing, identity: String? = nil, filters: [Filter] = [],
        order: [String], isSearchedByName: Bool = false, summary: Set<String> = [], recordsReading: Statement? = nil,
        demands: Statement? = nil, takesTurns: Statement? = nil,
        children: [Statement] = [], refusals: [String: Refusal] = [:]
    ) {
        self.path = "/v1/\(path)"
        self.table = table ?? path.replacing("-", with: "_")
        self.entity = entity ?? self.table
        self.tables = tables.isEmpty ? [self.table] : tables
        self.noun = noun
        self.plural = plural ?? noun + "s"
        self.row = row ?? Self.snakeCase(noun) + "_id"
        self.parent = parent
        self.readers = readers
        self.makers = makers ?? writers
        self.writers = writers
        self.visibility = visibility
        operations = Set(Operation.allCases).subtracting(without)
        self.fields = fields
        self.identity = identity
        self.filters = filters
        self.order = order.map { name in fields.first { $0.name == name }! }
        self.isSearchedByName = isSearchedByName
        self.summary = summary
        self.recordsReading = recordsReading
        self.demands = demands
        self.takesTurns = takesTurns
        self.children = children
        self.refusals = refusals
        statements = Statements(
            table: self.table, entity: self.entity, fields: fields, joined: joined, parent: parent,
            visibility: visibility,
            conditions: Self.conditions(filters, fields, isSearchedByName), order: self.order, summary: summary)
    }

    package var isArchivable: Bool { fields.contains { $0.isArchived } }

    package var routes: [Route<Access, Caller>] {
        let one = "\(path)/{\(row)}"
        return Operation.allCases.filter { operations.contains($0) }.map { operation in
            switch operation {
            case .list: .get(path, "list\(plural)", access: readers) { try await list($0, $1) }
            case .create: .post(path, "create\(noun)", access: makers) { try await create($0, $1) }
            case .get: .get(one, "get\(noun)", access: readers) { try await show($0, $1) }
            case .update: .patch(one, "update\(noun)", access: writers) { try await update($0, $1) }
            case .delete: .delete(one, "delete\(noun)", access: writers) { try await delete($0, $1) }
            }
        }
    }

    /// `AcademicYear` becomes `academic_year`.
    private static func snakeCase(_ noun: String) -> String {
        noun.reduce(into: "") { word, letter in
            if letter.isUppercase, !word.isEmpty { word += "_" }
            word += letter.lowercased()
        }
    }
}

// MARK: Refusals of the database

extension Resource {
    /// The field that a constraint is about, found by the naming convention of the migrations: `rooms_capacity` is a
    /// check or a unique index, `subjects_name_key` a unique constraint, `terms_school_id_academic_year_id_fkey` a
    /// foreign key. Constraints over several fields are declared in `refusals`.
    package func field(of constraint: String) -> ResourceField? {
        fields.first { field in
            tables.contains { table in
                [
                    "\(table)_\(field.name)", "\(table)_\(field.name)_key", "\(table)_school_id_\(field.name)_fkey",
                ].contains(constraint)
            }
        }
    }

    /// Whether a constraint is the foreign key to the parent.
    package func isOfParent(_ constraint: String) -> Bool {
        parent.map { constraint == "\(table)_school_id_\($0.column)_fkey" } ?? false
    }

    /// PostgreSQL, "Error Codes", class 23. A rule of class LY may name a constraint, so that the refusal points at a
    /// field. Nil when the error is not a constraint violation.
    func problem(for error: ServerError, operation: Operation) -> Problem? {
        let isForeignKey = error.sqlState == "23503"
        if isForeignKey && operation == .delete { return Problem(.inUse) }
        let constraint = error.constraint ?? ""
        if let refusal = refusals[constraint] { return refusal.problem }
        guard error.sqlState.hasPrefix("23") else { return nil }
        if isForeignKey && isOfParent(constraint) { return Problem(.notFound) }
        let field = field(of: constraint)?.name
        return switch error.sqlState {
        case "23503": field.map { Refusal.unknown($0).problem } ?? Problem(.conflict)
        case "23505": field.map { Refusal.taken($0).problem } ?? Problem(.alreadyExists)
        case "23514": field.map { Refusal.invalid($0).problem } ?? Problem(.conflict)
        default: Problem(.conflict)
        }
    }
}
