import Crypto
import DiaryTestSupport
import JSON
import Postgres
import Synchronization
import TestTools
import Testing

/// Mail from the mark to the mail server, which is on this machine.
@Suite(.serialized) struct MailTests {
    /// The text of a mail.
    private func text(_ mail: MailReceiver.Mail) throws -> String {
        let body = mail.message.split(separator: "\r\n\r\n", maxSplits: 1).last ?? ""
        let content = body.replacing("\r\n", with: "").replacing("=", with: "")
        let bytes: [UInt8] = try #require(Base64.standard.decode(String(content)))
        return String(decoding: bytes, as: UTF8.self)
    }

    private func field(_ name: String, of mail: MailReceiver.Mail) -> String? {
        mail.message.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }.map {
            String($0.dropFirst(name.utf8.count + 2))
        }
    }

    /// Gives the person an address and confirms it with the code of the mail.
    private func confirm(_ person: OutboxRoom.Person, _ room: OutboxRoom, _ receiver: MailReceiver) async throws {
        let client = room.client(person)
        let asked = try client.put("/v1/me/email", json: #"{"address": "\#(person)@example.org"}"#)
        #expect(
            asked.status == 202 && asked.json["unconfirmed_address"]?.string == "\(person)@example.org", "\(asked.text)"
        )
        let before = receiver.mails.count
        let isMine = { (mail: MailReceiver.Mail) in mail.recipients == ["<\(person)@example.org>"] }
        #expect(await eventually { receiver.mails.contains(where: isMine) }, "no code after \(before) mails")
        let code = try #require(try text(receiver.mails.last(where: isMine)!).firstMatch(of: /[0-9]{4} [0-9]{4}/))
            .output
        let confirmed = try client.put("/v1/me/email/confirmation", json: #"{"code": "\#(code)"}"#)
        #expect(confirmed.status == 200 && confirmed.json["state"]?.string == "active", "\(confirmed.text)")
        let again = try client.put("/v1/me/email/confirmation", json: #"{"code": "\#(code)"}"#)
        #expect(again.code == "wrong_email_code")
    }

    @Test func c3_oneMailGathersTheNewsWithoutNames() async throws {
        let receiver = try MailReceiver()
        let room = try await OutboxRoom(mailPort: receiver.port)
        for person in [OutboxRoom.Person.mother, .stranger, .barred] { try await confirm(person, room, receiver) }
        let codes = receiver.mails.count
        #expect(codes == 3)
        try room.changeMark()
        #expect(await eventually { receiver.mails.count == codes + 1 })
        // The next ones wait for each other, and for the interval after the first mail.
        try room.changeMark()
        let owner = try room.server.owner()
        let waiting = """
            SELECT coalesce(sum(cardinality(d.notifications)), 0) || ' in ' || count(*) FROM deliveries d
            WHERE d.ended_at IS NULL AND d.due_at > now() + interval '14 minutes'
            """
        #expect(try await eventually { try owner.query(waiting).first == "1 in 1" })
        try room.changeMark()
        #expect(try await eventually { try owner.query(waiting).first == "2 in 1" })
        #expect(receiver.mails.count == codes + 1)
        try room.hurry()
        #expect(await eventually { receiver.mails.count == codes + 2 })
        #expect(try await eventually { try room.isQuiet() })
        let mails = receiver.mails.dropFirst(codes)
        #expect(
            mails.allSatisfy {
                $0.recipients == ["<mother@example.org>"] && $0.sender.hasPrefix("<diary@school.example>")
            })
        #expect(try text(mails.last!).contains("- изменённые отметки: 2\r\n"))
        let surnames = try owner.query("SELECT DISTINCT last_name FROM users").rows.map { $0[0]! }
        #expect(surnames.count > 100)
        for mail in mails {
            let all = try text(mail) + mail.message
            #expect(surnames.allSatisfy { !all.contains($0) })
        }
        #expect(Set(mails.map { field("Message-ID", of: $0) }).count == 2)
    }

    @Test func oneClickEndsMail() async throws {
        let receiver = try MailReceiver()
        let room = try await OutboxRoom(mailPort: receiver.port)
        try await confirm(.mother, room, receiver)
        try room.changeMark()
        #expect(await eventually { receiver.mails.count == 2 })
        let link = try #require(field("List-Unsubscribe", of: receiver.mails[1]))
        let path = try #require(link.wholeMatch(of: /<http:\/\/lyceum\.test(\/v1\/.+)>/)).output.1
        let anybody = TestClient(port: room.server.port)
        let page = try anybody.get(String(path))
        #expect(page.status == 200 && page.text.contains("<form method=\"post\">"))
        #expect(try room.client(.mother).get("/v1/me/email").json["state"]?.string == "active")
        #expect(try anybody.send("POST", String(path.dropLast()) + "A").status == 404)
        let form = ("Content-Type", "application/x-www-form-urlencoded")
        for _ in 1...2 {
            let answer = try anybody.send(
                "POST", String(path), headers: [form], body: Array("List-Unsubscribe=One-Click".utf8))
            #expect(answer.status == 200, "\(answer.text)")
        }
        #expect(try room.client(.mother).get("/v1/me/email").json["state"]?.string == "none")
    }

    /// A refused recipient ends mail to this address; every other failure is tried again.
    @Test func theMailServerDecides() async throws {
        let refused = Mutex<[String: String]>([:])
        let receiver = try MailReceiver { command in
            refused.withLock { refused in refused.first { command.hasPrefix($0.key) }?.value }
        }
        let room = try await OutboxRoom(mailPort: receiver.port)
        try await confirm(.mother, room, receiver)
        for (command, reply, failure) in [
            ("RCPT", "451 4.7.1 greylisted", "smtp_451"), ("MAIL", "550 5.7.1 not from here", "smtp_550"),
            ("DATA", "554 5.7.1 no", "smtp_554"),
            // The mail server refuses the server or the sender, but says so only to RCPT.
            ("RCPT", "554 5.7.1 client host blocked", "smtp_554"), ("RCPT", "550 blocked", "smtp_550"),
            ("RCPT", "553 5.1.8 bad sender", "smtp_553"),
        ] {
            refused.withLock { $0 = [command: reply] }
            if failure == "smtp_451" { try room.changeMark() } else { try room.hurry() }
            #expect(try await eventually { try room.outcomes(.mother) == ["open \(failure)"] }, "\(command)")
            #expect(try room.client(.mother).get("/v1/me/email").json["state"]?.string == "active", "\(command)")
        }
        refused.withLock { $0 = ["RCPT": "550 5.1.1 no such mailbox"] }
        try room.hurry()
        #expect(try await eventually { try room.outcomes(.mother) == ["refused smtp_550"] })
        #expect(try room.client(.mother).get("/v1/me/email").json["state"]?.string == "failing")
        #expect(receiver.mails.count == 1, "only the code arrived")
    }

    /// Even if the answer is about the recipients, a mail server that refuses all of them is what is wrong.
    @Test func aRelayThatRefusesEverybodyIsLeftAloneForAWhile() async throws {
        let refusals = Mutex(0)
        let relay = try MailReceiver { command in
            guard command.hasPrefix("RCPT") else { return nil }
            refusals.withLock { $0 += 1 }
            return "550 5.1.1 user unknown in local table"
        }
        let room = try await OutboxRoom(runs: false)
        let owner = try room.server.owner()
        let people = 30
        try owner.query(
            """
            WITH people AS (
                SELECT u.school_id, u.id FROM users u WHERE u.school_id = $1 AND u.state <> 'blocked' ORDER BY u.id LIMIT \(people)
            ), active AS (
                UPDATE users u SET state = 'active', login = coalesce(u.login, 'p-' || u.id), password_hash = coalesce(u.password_hash, 'x')
                FROM people p WHERE u.school_id = p.school_id AND u.id = p.id
            ), quiet AS (
                INSERT INTO notification_preferences (school_id, person_id, school_quiet_hours)
                SELECT school_id, id, false FROM people
                ON CONFLICT (school_id, person_id) DO NOTHING
            )
            INSERT INTO email_addresses (school_id, person_id, id, address) SELECT school_id, id, id, 'a@example.org' FROM people
            """, ["\(room.ids.school)"])
        let loop = try room.loop(hasPush: false, mailPort: relay.port)
        try owner.query(
            """
            INSERT INTO notifications (school_id, person_id, kind, entity, entity_id)
            SELECT school_id, person_id, 'message', 'messages', gen_random_uuid() FROM email_addresses
            """)
        let waiting = "SELECT count(*) FROM pending WHERE kind = 'send_mail' AND lease IS NULL AND due_at > now()"
        #expect(try await eventually { Int(try owner.query(waiting).first!)! > people - 10 })
        #expect(refusals.withLock { $0 } < 10, "the others were not tried")
        let failing = "SELECT count(*) FROM email_addresses WHERE failing_since IS NOT NULL"
        #expect(Int(try owner.query(failing).first!)! < 5)
        #expect(
            await eventually {
                await loop.value("lyceum_background_ended_total", ["kind": "send_mail", "result": "blocked"]) > 0
            })
        await loop.end()
    }

    @Test func aCodeIsTriedFiveTimes() async throws {
        let receiver = try MailReceiver()
        let room = try await OutboxRoom(mailPort: receiver.port)
        let client = room.client(.mother)
        #expect(try client.put("/v1/me/email", json: #"{"address": "mother@example.org"}"#).status == 202)
        #expect(await eventually { receiver.mails.count == 1 })
        let code = try #require(try text(receiver.mails[0]).firstMatch(of: /[0-9]{4} [0-9]{4}/)).output
        let wrong = code.hasPrefix("0") ? "1000 0000" : "0000 0000"
        for _ in 1...5 {
            let answer = try client.put("/v1/me/email/confirmation", json: #"{"code": "\#(wrong)"}"#)
            #expect(answer.status == 409 && answer.code == "wrong_email_code", "\(answer.text)")
        }
        #expect(try client.put("/v1/me/email/confirmation", json: #"{"code": "\#(code)"}"#).status == 409)
        #expect(try client.get("/v1/me/email").json["state"]?.string == "none")
        let bad = try client.put("/v1/me/email", json: #"{"address": "a@b@example.org"}"#)
        #expect(bad.status == 422 && bad.json["errors"]?[0]?["code"]?.string == "not_an_email", "\(bad.text)")
    }
}
