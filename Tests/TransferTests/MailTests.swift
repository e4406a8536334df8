import TestTools
import Testing

@testable import Transfer

/// Mails to a mail server over real sockets.
@Suite struct MailTests {
    private func mail(_ port: UInt16, _ security: OutgoingMail.Security = .plain) -> OutgoingMail {
        OutgoingMail(
            host: "127.0.0.1", port: Int(port), security: security, sender: "diary@school.example",
            recipients: ["parent@mail.example", "other@mail.example"],
            message: Array("Subject: =?UTF-8?B?0J3QvtCy0L7QtQ==?=\r\n\r\n.a line with a dot\r\n".utf8))
    }

    private func failure(_ mail: OutgoingMail) async throws -> TransferFailure? {
        let transfer = try Transfer()
        do throws(TransferFailure) {
            try await transfer.send(mail)
            return nil
        } catch {
            return error
        }
    }

    /// The mail server is the operator's, so the default guard does not apply.
    @Test func mailArrivesWithItsEnvelope() async throws {
        let receiver = try MailReceiver()
        try await Transfer().send(mail(receiver.port))
        let taken = try #require(receiver.mails.first)
        #expect(taken.sender.hasPrefix("<diary@school.example>"))
        #expect(taken.recipients.map { $0.prefix { $0 != ">" } } == ["<parent@mail.example", "<other@mail.example"])
        // RFC 5321 section 4.5.2: a dot at the beginning of a line is doubled on the way.
        #expect(taken.message == "Subject: =?UTF-8?B?0J3QvtCy0L7QtQ==?=\r\n\r\n..a line with a dot\r\n")
        #expect(taken.credentials == nil)
    }

    @Test func signsInWithUserAndPassword() async throws {
        let receiver = try MailReceiver()
        var mail = mail(receiver.port)
        mail.user = "diary"
        mail.password = "secret"
        try await Transfer().send(mail)
        // "\0diary\0secret"
        #expect(receiver.mails.first?.credentials == "AGRpYXJ5AHNlY3JldA==")
    }

    @Test(arguments: [
        ("RCPT", "550 5.1.1 no such user", 550, true), ("RCPT", "550-5.1.1 no\r\n550 5.1.1 such user", 550, true),
        ("RCPT", "450 4.1.1 not yet", 450, false), ("RCPT", "550 no such user", 550, false),
        ("RCPT", "554 5.7.1 blocked", 554, false), ("RCPT", "553 5.1.8 bad sender", 553, false),
        ("RCPT", "553 5.1.7 bad sender", 553, false), ("RCPT", "451 later", 451, false),
        ("MAIL", "530 sign in first", 530, false), ("MAIL", "550 5.1.1 no", 550, false),
        ("DATA", "452 disk full", 452, false), ("DATA", "550 5.1.1 no", 550, false),
        ("AUTH", "535 wrong password", 535, false),
    ])
    func refusalHasTheCodeOfTheReply(
        _ command: String, _ reply: String, _ code: Int, _ isAboutRecipient: Bool
    ) async throws {
        let receiver = try MailReceiver { $0.hasPrefix(command) ? reply : nil }
        var mail = mail(receiver.port)
        mail.recipients = ["parent@mail.example"]
        if command == "AUTH" { (mail.user, mail.password) = ("diary", "wrong") }
        let failure = try #require(try await failure(mail))
        #expect(failure.kind == .refused && failure.status == code, "\(failure)")
        #expect(failure.isAboutRecipient == isAboutRecipient)
        #expect(receiver.mails.isEmpty)
    }

    @Test func withoutSTARTTLSNothingIsSent() async throws {
        let receiver = try MailReceiver()
        #expect(try await failure(mail(receiver.port, .startTLS))?.kind == .tls)
        let silent = try MailReceiver { _ in "250 ok" }
        #expect(try await failure(mail(silent.port, .tls)) != nil)
        #expect(receiver.mails.isEmpty && silent.mails.isEmpty)
    }

    @Test func nobodyListens() async throws {
        let port = try MailReceiver().port
        #expect(await eventually { (try? await failure(mail(port)))??.kind == .unreachable })
    }
}
