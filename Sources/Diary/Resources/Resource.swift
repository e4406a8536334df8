import Postgres
import Web

/// A noun that is declared: a table with a list, one row, and for those who keep it making, changing and deleting.
///
/// Routes, statements, the reading of bodies, and the problem for each refusal of the database follow from the declaration.
/// What a row may hold is said by the constraints and triggers of its table, and is not repeated here.
/// See docs/decisions/0021.
package struct Resource: Sendable {
    /// With `/v1/` before it.
    package let path: String
    package let table: String
    /// The tables whose constraints a write can run into.
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
    /// The field of a new row that names a person who is there already and becomes the row.
    package let identity: String?
    package let filters: [Filter]
    package let order: [ResourceField]
    package let isSearchedByName: Bool
    /// Fields that a list shows where the request does not name more; empty when it shows all.
    package let summary: Set<String>
    package let refusals: [String: Refusal]
    let recordsReading: Statement?
    let demands: Statement?
    let children: [Statement]
    let statements: Statements

    package enum Operation: Sendable, CaseIterable {
        case list
        case create
        case get
        case update
        case delete
    }

    /// What rows belong to: the column that says so, and the table of the parents. The path names the column.
    package struct Parent: Sendable {
        package let column: String
        package let table: String

        package init(column: String, table: String) {
            self.column = column
            self.table = table
        }
    }

    /// A parameter that narrows a list to the rows with one identifier.
    package struct Filter: Sendable, ExpressibleByStringLiteral {
        package let name: String
        let column: String

        /// - Parameter column: SQL, where the filter is not a column of the row `t`.
        package init(_ name: String, on column: String) {
            self.name = name
            self.column = column
        }

        package init(stringLiteral name: String) { self.init(name, on: "t.\(name)") }
    }

    /// - Parameters:
    ///   - path: behind `/v1/`. The path of a parent's rows holds `{column}`.
    ///   - table: the path with underscores when left out. It may be a view.
    ///   - tables: the tables behind a view, and those that `children` write.
    ///   - noun: for one row, in operation ids and with `_id` in the path. `plural` is for many.
    ///   - makers: who makes rows, where other people change them.
    ///   - visibility: where the row decides who sees it.
    ///   - without: operations that the noun does not have, or that it writes by hand.
    ///   - joined: what is read from other tables.
    ///   - order: fields that a list is sorted by. They are never null; `id` is added at the end.
    ///   - isSearchedByName: lists take `q`, a part of a person's name.
    ///   - summary: the fields that a list shows, where a row is long or most callers see little of it. Lists then take
    ///     `fields`, which names more. All fields when left out.
    ///   - recordsReading: a statement that records that one row was read: `$1` is the row (K2).
    ///   - demands: a statement that refuses fields that the caller may not name: `$1` the fields as JSON, `$2` the row.
    ///   - children: statements that write rows of other tables: `$1` is the school, `$2` the fields as JSON, `changed` the
    ///     row.
    ///   - refusals: what a client is told, by the constraint's name. Constraints that `field(of:)` finds need none.
    package init(
        path: String, table: String? = nil, tables: [String] = [], noun: String, plural: String? = nil,
        row: String? = nil, parent: Parent? = nil, readers: Access = .signedIn, makers: Access? = nil,
        writers: Access = .managers, visibility: Visibility? = nil, without: Set<Operation> = [],
        fields: [ResourceField], joined: Joined = .nothing, identity: String? = nil, filters: [Filter] = [],
        order: [String], isSearchedByName: Bool = false, summary: Set<String> = [], recordsReading: Statement? = nil,
        demands: Statement? = nil,
        children: [Statement] = [], refusals: [String: Refusal] = [:]
    ) {
        self.path = "/v1/\(path)"
        self.table = table ?? path.replacing("-", with: "_")
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
        self.children = children
        self.refusals = refusals
        statements = Statements(
            table: self.table, fields: fields, joined: joined, parent: parent, visibility: visibility,
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

    /// `AcademicYear` is `academic_year`.
    private static func snakeCase(_ noun: String) -> String {
        noun.reduce(into: "") { word, letter in
            if letter.isUppercase, !word.isEmpty { word += "_" }
            word += letter.lowercased()
        }
    }
}

// MARK: Refusals of the database

extension Resource {
    /// The field that a constraint is about, by the rule that migrations name constraints with: `rooms_capacity` is a check
    /// or a unique index, `subjects_name_key` a unique constraint, `terms_school_id_academic_year_id_fkey` a foreign key.
    /// Constraints over several fields are declared in `refusals`.
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

    /// PostgreSQL, "Error Codes", class 23. Nil when the error is no refusal of a constraint.
    func problem(for error: ServerError, operation: Operation) -> Problem? {
        guard error.sqlState.hasPrefix("23") else { return nil }
        let isForeignKey = error.sqlState == "23503"
        if isForeignKey && operation == .delete { return Problem(.inUse) }
        let constraint = error.constraint ?? ""
        if let refusal = refusals[constraint] { return refusal.problem }
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
