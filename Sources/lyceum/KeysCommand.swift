import ArgumentParser
import Crypto
import Web

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make keys for access tokens and for secrets that are kept.",
        subcommands: [New.self])
}

extension KeysCommand {
    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a new key for token.keys or secrets.keys.",
            discussion: """
                32 random bytes as id:base64url. It is a secret, and kept nowhere: put it where LYCEUM_TOKEN_KEYS comes \
                from. All processes need the same keys, separated by commas; the first signs, all verify.

                To rotate: put the new key behind the old one and restart all processes; put it first and restart all; \
                after 15 minutes, or better after 90 days (the life of a session), remove the old one. A key that has \
                leaked is removed at once, and all sessions are ended: see "Keys" in docs/operations.md.

                secrets.keys (LYCEUM_SECRETS_KEYS) take keys of the same form, and other ones: they seal the secrets of \
                second factors. Rotate them in the same way; docs/operations.md says when an old one may go.

                EXAMPLES:
                  lyceum keys new
                  lyceum keys new --id 2027-01
                  (umask 077 && lyceum keys new >token.key)

                EXIT CODES: 0 printed, 64 wrong use of the command line
                """)

        @Option(
            help: """
                The key's name in tokens: 1 to 64 of A-Z a-z 0-9 . _ -, another one than the old keys'. Default: k and \
                today's date.
                """)
        var id: String?

        private var name: String { id ?? "k" + LogTime.now.prefix(10).filter { $0 != "-" } }

        func validate() throws {
            do {
                _ = try TokenKeys([(id: name, bytes: [UInt8](repeating: 0, count: 32))])
            } catch {
                throw ValidationError("--id is 1 to 64 of A-Z a-z 0-9 . _ -.")
            }
        }

        func run() throws { print("\(name):\(Base64.url.encode(Random.bytes(32)))") }
    }
}
