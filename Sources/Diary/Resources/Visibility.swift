/// Which rows of a resource a caller reads and changes, where a role alone does not decide it. SQL conditions on the row `t`.
package struct Visibility: Sendable {
    /// Whether the caller reads the row. A row that the caller does not read is a 404.
    package let sees: String
    /// Whether the caller may change or delete the row, and make it. Of a row that does not exist yet, the condition may use
    /// `t.id` and the column of the parent.
    package let keeps: String
    /// Whether the caller sees the parent, a row `p`. The list of a parent that the caller does not see is a 404.
    package let seesParent: String

    package init(sees: String, keeps: String, seesParent: String = "true") {
        self.sees = sees
        self.keeps = keeps
        self.seesParent = seesParent
    }
}

/// What a resource reads from other tables, and does not write.
package struct Joined: Sendable {
    /// Joins to the row `t`, for one row.
    package let joins: String
    /// Joins for a list, which may show less than one row does.
    package let listJoins: String
    /// Columns of the joined tables, separated by commas; nothing when only the fields read from them.
    package let selected: String

    package init(_ joins: String, inLists listJoins: String? = nil, selecting selected: String = "") {
        self.joins = joins
        self.listJoins = listJoins ?? joins
        self.selected = selected.isEmpty ? "" : ", \(selected)"
    }

    static let nothing = Joined("")
}
