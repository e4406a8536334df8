import Postgres

/// Settings that several nouns or areas use. Those of one gate or one noun stand beside it.
extension Setting {
    /// Why something is done: histories and the log of changes keep it (A5).
    package static let reason = Setting("reason", .text)
    /// The first and the last day that are read, or of what changes.
    package static let from = Setting("from", .date)
    package static let to = Setting("to", .date)
    /// The row that the transaction changes, of a declared resource or an enrollment.
    package static let changed = Setting("changed", .uuid)
}
