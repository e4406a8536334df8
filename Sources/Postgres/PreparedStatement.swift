import Glibc

/// A statement as prepared on one connection.
@safe final class PreparedStatement {
    let statement: Statement
    /// The name as a C string, made once instead of at each use.
    let name: UnsafeMutablePointer<CChar>
    /// How its columns become JSON; known after its first result.
    var shape: RowShape?

    init(_ statement: Statement, number: Int) {
        self.statement = statement
        unsafe name = strdup("s\(number)")
    }

    /// The format that we request: 0 text, 1 binary. The column types are known only after the first result, which is
    /// in text.
    var resultFormat: Int32 { shape?.forms == nil ? 0 : 1 }

    deinit { unsafe free(name) }
}
