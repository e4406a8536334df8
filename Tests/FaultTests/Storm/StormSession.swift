import Synchronization

/// A person who is signed in. The storm may last longer than a token.
final class StormSession: Sendable {
    let login: String
    private let servers: [LyceumServer]
    private let current: Mutex<String>

    init(_ login: String, _ servers: [LyceumServer]) throws {
        self.login = login
        self.servers = servers
        current = Mutex(try servers[0].signIn(login))
    }

    var token: String { current.withLock { $0 } }

    /// After a 401, unless another thread has done it.
    func renew(_ refused: String) {
        current.withLock { token in
            guard token == refused else { return }
            for server in servers {
                if let fresh = try? server.signIn(login) {
                    token = fresh
                    return
                }
            }
        }
    }
}
