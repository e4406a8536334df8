import Crypto
import Diary
import Testing
import Web

@testable import DiaryTalk

/// The octets of a mail: RFC 5322, RFC 2047, RFC 8058.
@Suite struct MailMessageTests {
    private let message = MailMessage(
        sender: "Лицей № 29", from: "diary@school.example", to: "parent@example.org", subject: "Новое в дневнике",
        text: "Здравствуйте!\n\n- новые отметки: 1\n", id: "0198@school.example", date: 1_763_531_999, language: "ru",
        unsubscribe: "https://diary.example/u")

    private var lines: [String] {
        String(decoding: message.bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false).map {
            String($0)
        }
    }

    @Test func headerIsASCIIInKnownOrder() {
        #expect(message.bytes.allSatisfy { $0 < 128 })
        let head = lines.prefix { !$0.isEmpty }
        #expect(
            Array(head) == [
                "From: =?UTF-8?B?0JvQuNGG0LXQuSDihJYgMjk=?= <diary@school.example>",
                "To: <parent@example.org>",
                "Subject: =?UTF-8?B?0J3QvtCy0L7QtSDQsiDQtNC90LXQstC90LjQutC1?=",
                "Date: Wed, 19 Nov 2025 05:59:59 +0000",
                "Message-ID: <0198@school.example>",
                "Auto-Submitted: auto-generated",
                "Content-Language: ru",
                "MIME-Version: 1.0",
                "Content-Type: text/plain; charset=utf-8",
                "Content-Transfer-Encoding: base64",
                "List-Unsubscribe: <https://diary.example/u>",
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            ])
    }

    @Test func theTextIsBase64InLinesOf76() throws {
        var long = message
        long.text = String(repeating: "Ёжик и лошадка. ", count: 40) + "\n"
        let lines = String(decoding: long.bytes, as: UTF8.self).split(
            separator: "\r\n", omittingEmptySubsequences: false
        ).drop { !$0.isEmpty }.dropFirst()
        #expect(lines.dropLast(2).allSatisfy { $0.utf8.count == 76 })
        #expect(lines.last == "")
        let content = lines.joined().replacing("=", with: "")
        let bytes = try #require(Base64.standard.decode(content))
        #expect(String(decoding: bytes, as: UTF8.self) == long.text.replacing("\n", with: "\r\n"))
    }

    /// A word has at most 75 characters and never half a character.
    @Test(arguments: [
        "Ёлка", String(repeating: "Ж", count: 200), String(repeating: "a", count: 61), "=?x?=",
        "😀" + String(repeating: "я", count: 99),
    ])
    func longTextsBecomeSeveralWords(_ text: String) throws {
        var decoded: [UInt8] = []
        for word in EncodedWords.text(text).replacing("\r\n", with: "").split(separator: " ") {
            #expect(word.utf8.count <= 75)
            let content = try #require(word.wholeMatch(of: /=\?UTF-8\?B\?([A-Za-z0-9+\/]+)=*\?=/)).output.1
            let bytes = try #require(Base64.standard.decode(String(content)))
            #expect(String(validating: bytes, as: UTF8.self) != nil)
            decoded += bytes
        }
        #expect(String(decoding: decoded, as: UTF8.self) == text)
    }

    @Test func shortASCIIStaysReadable() {
        #expect(EncodedWords.text("News, in the diary") == "News, in the diary")
        #expect(EncodedWords.phrase("School 29") == "School 29")
        #expect(EncodedWords.phrase("School, 29") == "=?UTF-8?B?U2Nob29sLCAyOQ==?=")
    }

    /// Nothing that a school, or a person, can write ends a line of the header.
    @Test func lineBreaksAreEncoded() {
        var message = message
        message.sender = "A\r\nBcc: x@example.org"
        message.subject = "B\nC"
        let text = String(decoding: message.bytes, as: UTF8.self)
        #expect(!text.contains("Bcc") && text.components("Subject: =?UTF-8?B?QgpD?=") == 1)
    }

    @Test(arguments: [
        "a@example.org", "first.last+diary@mail.example.co", "x_y-z@xn--80ak6aa92e.com", "o'brien@example.org",
    ])
    func addressesThatCanBeMailed(_ address: String) { #expect(MailAddress.isValid(address)) }

    @Test(arguments: [
        "", "a", "@example.org", "a@", "a@b", "a@@example.org", "a b@example.org", "a@exa mple.org", ".a@example.org",
        "a..b@example.org", "a@-example.org", "a@example-.org", "a@example..org", "a@127.0.0.1", "a@[127.0.0.1]",
        "\"a\"@example.org", "почта@example.org", "a@пример.рф", "a@example.org\r\nRCPT TO:<b@example.org>",
        "<a@example.org>",
        "a@example.org.", String(repeating: "a", count: 65) + "@example.org",
    ])
    func addressesThatCannotBeMailed(_ address: String) { #expect(!MailAddress.isValid(address)) }

    @Test func codesAndLinksNeedTheirKeys() throws {
        let keys = "k1:" + Base64.url.encode(Array("0123456789abcdef0123456789abcdef".utf8))
        let others = "k2:" + Base64.url.encode(Array("fedcba9876543210fedcba9876543210".utf8))
        let secrets = try MailSecrets(TokenKeys(configuration: keys))
        let id = "01990b1c-5a7c-7d0e-8f1a-2b3c4d5e6f90"
        let code = try secrets.code(of: id)
        #expect(code.wholeMatch(of: /[0-9]{8}/) != nil)
        #expect(try secrets.isCode("\(code.prefix(4)) \(code.suffix(4))", of: id))
        #expect(try !secrets.isCode(code, of: "01990b1c-5a7c-7d0e-8f1a-2b3c4d5e6f91"))
        #expect(try !secrets.isCode("", of: id))
        #expect(try !secrets.isCode(code + "0", of: id))
        let rotated = try MailSecrets(TokenKeys(configuration: "\(others),\(keys)"))
        #expect(try rotated.isCode(code, of: id))
        #expect(try rotated.isLink(secrets.link(school: 1, id: id)))
        let stranger = try MailSecrets(TokenKeys(configuration: others))
        #expect(try !stranger.isCode(code, of: id))
        #expect(try !stranger.isLink(secrets.link(school: 1, id: id)))
        let link = try secrets.link(school: 1, id: id)
        let other = OpaqueToken(.emailLink, school: 2, id: id, secret: link.secret)
        #expect(try secrets.isLink(link))
        #expect(try !secrets.isLink(other))
        #expect(OpaqueToken(link.text, .emailLink)?.secret == link.secret)
    }

    @Test func mailsContainOnlyKindsAndNumbers() {
        let news = MailText.news(
            [("mark", 2), ("a_new_kind", 1)], isUrgent: false, school: "Лицей № 29", link: "https://app.example",
            unsubscribe: "https://diary.example/u", .russian)
        #expect(news.subject == "Новое в дневнике")
        #expect(news.text.contains("- новые отметки: 2\n- другое: 1\n"))
        let english = MailText.news(
            [("first_absence", 1)], isUrgent: true, school: "Lyceum 29", link: "https://app.example",
            unsubscribe: "https://diary.example/u", .english)
        #expect(english.subject == "Urgent news in the diary")
        #expect(english.text.contains("- absence from the first lesson: 1\n"))
    }
}

extension String {
    fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}
