/// What everybody may send without an account: logins, codes and tokens. Longer content would let strangers fill the memory for
/// content that all requests share.
enum OpenBody {
    /// Bytes.
    static let limit = 16 * 1024
}
