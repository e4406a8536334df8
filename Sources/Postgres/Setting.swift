/// A setting of the transaction, `lyceum.<name>`. Statements of a transaction pass values to each other and to the
/// database's rules, policies and histories with it. It ends with the transaction.
///
/// There is one constant with a type for each name: those of every transaction are below, shared ones in `Diary`
/// (`SharedSettings.swift`), all others next to the code that uses them.
package struct Setting: Sendable {
    /// The type that the stored text is cast to.
    package enum ValueType: String, Sendable {
        case text, uuid, date, int, boolean, datemultirange
        case uuids = "uuid[]"
    }

    /// The prefix that PostgreSQL requires for custom settings.
    static let namespace = "lyceum."

    package let name: String
    package let type: ValueType

    package init(_ name: String, _ type: ValueType) {
        self.name = Self.namespace + name
        self.type = type
    }

    // MARK: Reading, as SQL

    /// The value; NULL if there is none. Once set, a setting reverts to '' and not to NULL.
    package var value: String { cast("nullif(current_setting('\(name)', true), '')") }

    /// The value of a setting that always exists. PostgreSQL refuses the statement if it was never set.
    package var required: String { cast("current_setting('\(name)')") }

    /// The stored text; '' or NULL if there is none.
    package var text: String { "current_setting('\(name)', true)" }

    private func cast(_ text: String) -> String { type == .text ? text : "\(text)::\(type.rawValue)" }

    // MARK: Setting, as SQL

    /// - Parameter value: SQL of the setting's type.
    package func set(to value: String) -> String {
        set(text: type == .text ? value : "\(value)::text")
    }

    /// - Parameter text: SQL that is already text: a parameter, or '' for no value.
    package func set(text: String) -> String { "set_config('\(name)', \(text), true)" }
}

/// The settings of every transaction, see `Scope`.
extension Setting {
    package static let school = Setting("school_id", .int)
    package static let user = Setting("user_id", .uuid)
    package static let session = Setting("session_id", .uuid)
    package static let client = Setting("client_id", .uuid)
    package static let timeZone = Setting("time_zone", .text)
    package static let requestID = Setting("request_id", .text)
}
