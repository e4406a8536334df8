/// K1: retention periods as SQL intervals. Row-level policies for deleting keep the server from deleting earlier.
enum Retention {
    /// Records of sign-ins: sessions, days of activity, activation codes.
    static let signIns = "interval '1 year'"
}
