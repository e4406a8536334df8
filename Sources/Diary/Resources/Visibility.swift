/// Which rows of a resource a caller may read and change, if the role alone does not decide it. SQL conditions on the
/// row `t`.
package struct Visibility: Sendable {
    /// Whether the caller may read the row. Other rows are a 404.
    package let sees: String
    /// Whether the caller may create, change or delete the row. For a row that does not exist yet, only `t.id` and the
    /// column of the parent are available.
    package let keeps: String
    /// Whether the caller may see the parent, a row `p`. The list of another parent is a 404.
    package let seesParent: String

    package init(sees: String, keeps: String, seesParent: String = "true") {
        self.sees = sees
        self.keeps = keeps
        self.seesParent = seesParent
    }
}

/// Columns that a resource reads from other tables.
package struct Joined: Sendable {
    /// Joins to the row `t` when one row is read.
    package let joins: String
    /// Joins for a list, which may need fewer.
    package let listJoins: String
    /// Columns of the joined tables, separated by commas; empty when only the expressions of fields use the joins.
    package let selected: String
    /// The SQL function of `Pull.since`, when rows of the joined tables change by themselves.
    let shownAnew: String?

    package init(
        _ joins: String, inLists listJoins: String? = nil, selecting selected: String = "", shownAnew: String? = nil
    ) {
        self.shownAnew = shownAnew
        self.joins = joins
        self.listJoins = listJoins ?? joins
        self.selected = selected.isEmpty ? "" : ", \(selected)"
    }

    static let nothing = Joined("")
}
