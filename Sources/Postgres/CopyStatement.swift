/// A constant statement `COPY (…) TO STDOUT …` with parameters `$1…`, as a `Statement` has them.
///
/// COPY itself takes no parameters. Their values are sent as settings of the transaction, `lyceum.arg_1…`, and each
/// `$n` is replaced by a subquery that reads one of them, once per statement. No other type needs to know this.
package struct CopyStatement: Sendable {
    let sql: String
    let parameterCount: Int
    /// Rows end with CRLF instead of LF, as RFC 4180 requires.
    let endsWithCRLF: Bool

    /// - Parameter sql: with a cast after each `$n`. It must not contain `$` for any other purpose.
    package init(_ sql: String, endsWithCRLF: Bool = false) {
        self.endsWithCRLF = endsWithCRLF
        let parts = sql.split(separator: "$", omittingEmptySubsequences: false)
        var text = String(parts[0])
        var count = 0
        for part in parts.dropFirst() {
            let digits = part.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits), number > 0 else { preconditionFailure("a $ without a number in \(sql)") }
            count = max(count, number)
            text += "(SELECT substr(\(Setting("arg_\(number)", .text).value), 2))"
            text += part.dropFirst(digits.count)
        }
        self.sql = text
        parameterCount = count
    }

    package func callAsFunction(_ parameters: Parameter...) -> CopyQuery {
        CopyQuery(statement: self, parameters: parameters)
    }
}

/// A COPY statement with the values of its `$1…`.
package struct CopyQuery {
    let statement: CopyStatement
    let parameters: [Parameter]

    package init(statement: CopyStatement, parameters: [Parameter]) {
        precondition(statement.parameterCount == parameters.count, "COPY has \(statement.parameterCount) parameters")
        self.statement = statement
        self.parameters = parameters
    }

    /// Sets the parameters for the transaction.
    var arguments: Query? { parameters.isEmpty ? nil : Self.setting(.texts(texts)) }

    /// A setting cannot be NULL, so a value gets a leading `=` and NULL is an empty text.
    private var texts: [String?] { parameters.map { $0.asText.map { "=" + $0 } } }

    /// The parameters as settings of the transaction.
    var settings: [(name: String, value: String)] {
        texts.enumerated().map { ("\(Setting.namespace)arg_\($0 + 1)", $1 ?? "") }
    }

    private static let setting = Statement(
        """
        SELECT count(set_config('\(Setting.namespace)arg_' || number, coalesce(value, ''), true))
        FROM unnest($1::text[]) WITH ORDINALITY AS argument (value, number)
        """)
}

extension Parameter {
    /// The value in PostgreSQL's text format.
    fileprivate var asText: String? {
        switch self {
        case .null: nil
        case .text(let text): text
        case .integer(let number): String(number)
        case .boolean(let value): value ? "t" : "f"
        case .bytes, .texts: preconditionFailure("COPY's parameters are single values")
        }
    }
}
