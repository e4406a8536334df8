import ArgumentParser
import Crypto
import Web

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Create keys for access tokens, for stored secrets, for archives and for pushes.",
        subcommands: [New.self, Vapid.self])
}

extension KeysCommand {
    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a new key for token.keys, secrets.keys or archive.keys.",
            discussion: """
                Prints 32 random bytes as id:base64url. The key is a secret and is not stored: put it where \
                LYCEUM_TOKEN_KEYS is set. All processes need the same keys, separated by commas; the first one signs, \
                all of them verify.

                To rotate: add the new key after the old one and restart all processes; move it to the front and restart \
                them again; after 15 minutes, or better after 90 days (the life of a session), remove the old one. \
                Remove a leaked key at once and end all sessions: see "Keys" in docs/operations.md.

                secrets.keys (LYCEUM_SECRETS_KEYS) takes other keys of the same form; they encrypt the secrets of second \
                factors. Rotate them in the same way; docs/operations.md says when an old one can be removed.

                archive.keys (LYCEUM_ARCHIVE_KEYS) takes keys of their own, too; they sign archives. Keep an old one as long \
                as its archives.

                EXAMPLES:
                  lyceum keys new
                  lyceum keys new --id 2027-01
                  (umask 077 && lyceum keys new >token.key)

                EXIT CODES: 0 printed, 64 wrong use of the command line
                """)

        @Option(
            help: """
                The key's id: 1 to 64 of A-Z a-z 0-9 . _ -, different from those of the old keys. Default: k and today's \
                date.
                """)
        var id: String?

        private var name: String { id ?? "k" + LogTime.now.prefix(10).filter { $0 != "-" } }

        func validate() throws {
            do {
                _ = try TokenKeys([(id: name, bytes: [UInt8](repeating: 0, count: 32))])
            } catch {
                throw ValidationError("--id must be 1 to 64 of A-Z a-z 0-9 . _ -.")
            }
        }

        func run() throws { print("\(name):\(Base64.url.encode(Random.bytes(32)))") }
    }
}

extension KeysCommand {
    struct Vapid: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a new key for push.vapid_key.",
            discussion: """
                Prints 32 random bytes, a private key of the curve P-256, as base64url. It identifies the server to push \
                services (RFC 8292). The key is a secret and is not stored: put it where LYCEUM_PUSH_VAPID_KEY is set. \
                All processes need the same key. Devices subscribe to its public part, so keep it: with another key, \
                all of them have to subscribe again.

                EXAMPLES:
                  lyceum keys vapid
                  (umask 077 && lyceum keys vapid >vapid.key)

                EXIT CODES: 0 printed, 64 wrong use of the command line
                """)

        func run() throws { print(Base64.url.encode(try P256.PrivateKey.make().bytes)) }
    }
}
