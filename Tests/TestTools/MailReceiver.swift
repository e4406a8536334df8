import Glibc
import Synchronization

/// A mail server (RFC 5321) on 127.0.0.1 that records what it takes. One connection at a time, without TLS.
package final class MailReceiver: Sendable {
    package struct Mail: Sendable, Equatable {
        /// The envelope, as the commands have it.
        package var sender = ""
        package var recipients: [String] = []
        /// The credentials of AUTH PLAIN in base64; nil without signing in.
        package var credentials: String?
        /// The message as it was sent, with CRLF and without the last dot.
        package var message = ""
    }

    package let port: UInt16
    private let listener: Int32
    private let record = Record()

    private final class Record: Sendable {
        let mails = Mutex<[Mail]>([])
    }

    package var mails: [Mail] { record.mails.withLock { $0 } }

    /// - Parameter reply: replaces the reply to a command, such as `RCPT TO:<a@b.example>`; nil: the usual one.
    package init(port: UInt16 = 0, reply: @escaping @Sendable (_ command: String) -> String? = { _ in nil }) throws {
        (listener, self.port) = try LocalServer.listen(port)
        let record = record
        LocalServer.run(listener) { Self.serve($0, record, reply) }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func serve(_ connection: Int32, _ record: Record, _ reply: @Sendable (String) -> String?) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        func line() -> String? {
            while true {
                if let end = bytes.firstIndex(of: 10) {
                    defer { bytes.removeFirst(end + 1) }
                    return String(decoding: bytes[..<end].dropLast(), as: UTF8.self)
                }
                let count = recv(connection, &buffer, buffer.count, 0)
                guard count > 0 else { return nil }
                bytes += buffer[..<count]
            }
        }
        func say(_ text: String) { LocalServer.write(connection, Array((text + "\r\n").utf8)) }
        var mail = Mail()
        say("220 mail.test")
        while let command = line() {
            if let text = reply(command) {
                say(text)
                continue
            }
            let word = command.prefix { $0 != " " && $0 != ":" }.uppercased()
            switch word {
            case "EHLO": say("250-mail.test\r\n250 AUTH PLAIN")
            case "AUTH":
                let words = command.split(separator: " ")
                if words.count < 3 { say("334 ") }
                mail.credentials = words.count < 3 ? line() : String(words[2])
                say("235 2.7.0 ok")
            case "MAIL":
                mail.sender = String(command.drop { $0 != "<" })
                say("250 ok")
            case "RCPT":
                mail.recipients.append(String(command.drop { $0 != "<" }))
                say("250 ok")
            case "DATA":
                say("354 go on")
                while let text = line(), text != "." { mail.message += text + "\r\n" }
                record.mails.withLock { $0.append(mail) }
                say("250 taken")
            case "QUIT": return say("221 bye")
            default: say("502 unknown")
            }
        }
    }
}
