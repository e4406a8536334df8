/// A setting of the transaction, `lyceum.<name>`: what statements of one transaction leave for each other and for the
/// database's rules, policies and histories. It ends with the transaction.
///
/// One constant for each name, which knows the type: those of every transaction are below, shared ones in `Diary`
/// (`SharedSettings.swift`), the others beside the noun that uses them.
package struct Setting: Sendable {
    /// What is kept as text is read as this.
    package enum ValueType: String, Sendable {
        case text, uuid, date, int, datemultirange
        case uuids = "uuid[]"
    }

    /// What PostgreSQL tells settings of a program by.
    static let namespace = "lyceum."

    package let name: String
    package let type: ValueType

    package init(_ name: String, _ type: ValueType) {
        self.name = Self.namespace + name
        self.type = type
    }

    // MARK: Reading, as SQL

    /// The value; NULL when there is none. A setting that has been set once reverts to '', not to NULL.
    package var value: String { cast("nullif(current_setting('\(name)', true), '')") }

    /// The value of a setting that is always there; PostgreSQL refuses the statement when it was never set.
    package var required: String { cast("current_setting('\(name)')") }

    /// The text as it is kept; '' or NULL when there is none.
    package var text: String { "current_setting('\(name)', true)" }

    private func cast(_ text: String) -> String { type == .text ? text : "\(text)::\(type.rawValue)" }

    // MARK: Setting, as SQL

    /// - Parameter value: SQL of the setting's type.
    package func set(to value: String) -> String {
        set(text: type == .text ? value : "\(value)::text")
    }

    /// - Parameter text: SQL that is text already: a parameter, or '' for no value.
    package func set(text: String) -> String { "set_config('\(name)', \(text), true)" }
}

/// What every transaction says of itself, see `Scope`.
extension Setting {
    package static let school = Setting("school_id", .int)
    package static let user = Setting("user_id", .uuid)
    package static let session = Setting("session_id", .uuid)
    package static let client = Setting("client_id", .uuid)
    package static let timeZone = Setting("time_zone", .text)
    package static let requestID = Setting("request_id", .text)
}
