import Glibc

/// A statement as one connection knows it.
@safe final class PreparedStatement {
    let statement: Statement
    /// As libpq takes it: made once, not at each use.
    let name: UnsafeMutablePointer<CChar>
    /// What its columns become; known after its first answer.
    var shape: RowShape?

    init(_ statement: Statement, number: Int) {
        self.statement = statement
        unsafe name = strdup("s\(number)")
    }

    /// What libpq is asked for: 0 text, 1 binary. Which types it answers is known after its first answer, in text.
    var resultFormat: Int32 { shape?.forms == nil ? 0 : 1 }

    deinit { unsafe free(name) }
}
