/// K1: how long records are kept, as SQL intervals. The database holds the server to it by policies for deleting.
enum Retention {
    /// Records of signing in: sessions, days of activity, activation codes.
    static let signIns = "interval '1 year'"
}
