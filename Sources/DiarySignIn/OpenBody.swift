/// The largest body that a client without an account may send: logins, codes and tokens. Larger bodies would let
/// strangers fill the memory that all requests share for bodies.
enum OpenBody {
    /// Bytes.
    static let limit = 16 * 1024
}
