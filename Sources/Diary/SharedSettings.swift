import Postgres

/// Settings that several areas use. Settings of a single gate or resource are declared next to it.
extension Setting {
    /// The reason for a change: histories and the record of changes keep it (A5).
    package static let reason = Setting("reason", .text)
    /// The first and the last day of a read or a change.
    package static let from = Setting("from", .date)
    package static let to = Setting("to", .date)
    /// The row that the transaction changes: one of a declared resource, or an enrollment.
    package static let changed = Setting("changed", .uuid)
}
