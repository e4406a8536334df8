import Crypto
import DiaryTestSupport
import JSON
import Postgres
import TestTools
import Testing

/// Web Push from the mark to the device, over a push service on this machine.
@Suite(.serialized) struct PushTests {
    @Test func c3_bothGuardiansGetAPushAndNobodyElse() async throws {
        let room = try await OutboxRoom()
        let receiver = try Receiver { _, _ in .status(201) }
        var devices: [String: OutboxRoom.Device] = [:]
        for person in OutboxRoom.Person.allCases {
            let device = try OutboxRoom.Device()
            let made = try room.subscribe(person, receiver, device: device)
            #expect(made.status == 201, "\(made.text)")
            devices["\(person)"] = device
        }
        try room.changeMark()
        #expect(await eventually { receiver.requests.count >= 2 })
        #expect(try await eventually { try room.isQuiet() })
        #expect(receiver.requests.map { $0.line }.sorted() == ["POST /father HTTP/1.1", "POST /mother HTTP/1.1"])
        for request in receiver.requests {
            let device = try #require(devices[request.line.contains("father") ? "father" : "mother"])
            let news = try JSONValue(parsing: Array(try #require(try device.read(request.body)).utf8))
            #expect(news.keys == ["id", "kind", "unread"])
            #expect(news["kind"]?.string == "mark_changed")
            #expect(news["unread"]?.int ?? 0 > 0)
            #expect(request["Content-Encoding"] == "aes128gcm" && request["TTL"] == "86400")
            #expect(request["Urgency"] == "normal")
            #expect(request["Topic"]?.wholeMatch(of: /[A-Za-z0-9_-]{32}/) != nil)
            #expect(request["Authorization"]?.hasPrefix("vapid t=") == true)
            #expect(request.body.count == 359)
        }
        #expect(Set(receiver.requests.map { $0["Topic"] }).count == 2, "a topic belongs to one device")
        #expect(try room.outcomes(.mother) == ["sent"])
        #expect(try room.outcomes(.stranger) == [])
    }

    /// RFC 8030 sections 5, 6.2 and 7.3.
    @Test func thePushServiceDecides() async throws {
        let room = try await OutboxRoom()
        let answers: [Receiver.Answer] = [
            .status(503), .silence, .status(429, headers: [("Retry-After", "300")]),
            .status(307, headers: [("Location", "/elsewhere")]), .status(201), .status(400), .status(201), .status(410),
        ]
        let receiver = try Receiver { _, number in answers[number] }
        try room.subscribe(.mother, receiver)
        let owner = try room.server.owner()
        let due = """
            SELECT coalesce(round(extract(epoch FROM min(due_at) - clock_timestamp())), -1) FROM pending WHERE kind = 'send_push' AND lease IS NULL
            """
        func seconds() throws -> Int { Int(try owner.query(due).first!)! }
        try room.changeMark()
        for (number, failure, wait) in [
            (1, "http_503", 10...31), (2, "broken", 20...61), (3, "http_429", 290...301), (4, "http_307", 110...241),
        ] {
            #expect(await eventually { receiver.requests.count == number })
            #expect(try await eventually { try room.outcomes(.mother) == ["open \(failure)"] }, "\(failure)")
            #expect(try await eventually { try wait.contains(seconds()) }, "\(failure)")
            try room.hurry()
        }
        #expect(try await eventually { try room.outcomes(.mother) == ["sent http_307"] })
        #expect(Set(receiver.requests.map { $0["Topic"] }).count == 1, "a repetition replaces what it repeats")
        // A refusal is not the end of the subscription: the next message is sent.
        try room.changeMark()
        #expect(try await eventually { try room.outcomes(.mother).last == "refused http_400" })
        func state() throws -> String? {
            try room.client(.mother).get("/v1/me/push-subscriptions").json["items"]?[0]?["state"]?.string
        }
        #expect(try state() == "failing")
        try room.changeMark()
        #expect(try await eventually { try room.outcomes(.mother).last == "sent" })
        #expect(try state() == "active")
        let again = try room.subscribe(.mother, receiver)
        #expect(again.status == 200 && again.json["state"]?.string == "active", "\(again.text)")
        // The device has unsubscribed.
        try room.changeMark()
        #expect(try await eventually { try room.outcomes(.mother).last == "gone" })
        #expect(try state() == nil)
        #expect(receiver.requests.count == answers.count)
    }

    /// RFC 8292 section 2.6: the push service does not accept the server's key. Subscriptions are not to blame.
    @Test(arguments: [401, 403])
    func aRefusedKeyIsTheOperatorsMatter(_ status: Int) async throws {
        let room = try await OutboxRoom(runs: false)
        let receiver = try Receiver { _, number in .status(number == 0 ? status : 201) }
        try room.subscribe(.mother, receiver)
        let loop = try room.loop(mailPort: nil)
        try room.changeMark()
        #expect(try await eventually { try room.outcomes(.mother) == ["open http_\(status)"] })
        let state = try room.client(.mother).get("/v1/me/push-subscriptions").json["items"]?[0]?["state"]?.string
        #expect(state == "active")
        #expect(
            await eventually {
                await loop.value("lyceum_background_ended_total", ["kind": "send_push", "result": "blocked"]) == 1
            })
        let due = """
            SELECT due_at BETWEEN now() + interval '25 minutes' AND now() + interval '61 minutes' FROM pending
            WHERE kind = 'send_push'
            """
        #expect(try room.server.owner().query(due).first == "t")
        try room.hurry()
        #expect(try await eventually { try room.outcomes(.mother) == ["sent http_\(status)"] })
        await loop.end()
    }

    /// What was planned is checked again when it is sent.
    @Test func a3_whoLosesAccessMeanwhileGetsNothing() async throws {
        let room = try await OutboxRoom()
        let receiver = try Receiver { _, _ in .status(201) }
        let owner = try room.server.owner()
        for person in [OutboxRoom.Person.mother, .father] { try room.subscribe(person, receiver) }
        // Both have quiet hours now.
        try owner.query(
            """
            UPDATE notification_preferences p SET
                quiet_from = (now() AT TIME ZONE s.time_zone)::time - interval '1 hour',
                quiet_to = (now() AT TIME ZONE s.time_zone)::time + interval '1 hour'
            FROM schools s WHERE s.id = p.school_id
            """)
        try room.changeMark()
        #expect(try await eventually { try room.outcomes(.mother) == ["open"] })
        #expect(try await eventually { try room.outcomes(.father) == ["open"] })
        // Too early, for example because the quiet hours have changed: it waits again.
        try room.hurry()
        #expect(
            try await eventually {
                try owner.query(
                    "SELECT count(*) FROM pending WHERE kind = 'send_push' AND due_at > now() + interval '50 minutes' AND lease IS NULL"
                ).first == "2"
            })
        #expect(receiver.requests.isEmpty)
        try owner.query("UPDATE guardianships SET access = 'none' WHERE guardian_id = $1", [room.id(.mother)])
        try owner.query("UPDATE notification_preferences SET quiet_from = NULL, quiet_to = NULL")
        try room.hurry()
        #expect(try await eventually { try room.outcomes(.father) == ["sent"] })
        #expect(try await eventually { try room.outcomes(.mother) == ["skipped"] })
        #expect(receiver.requests.map { $0.line } == ["POST /father HTTP/1.1"])
    }

    @Test func a6_nothingIsSentAfterTheSession() async throws {
        let room = try await OutboxRoom()
        let receiver = try Receiver { _, _ in .status(201) }
        for person in [OutboxRoom.Person.mother, .father] { try room.subscribe(person, receiver) }
        let mother = room.client(.mother)
        let session = try #require(try mother.get("/v1/me/sessions").json["items"]?[0]?["id"]?.string)
        #expect(try mother.delete("/v1/me/sessions/\(session)").status == 204)
        // One that has only expired leaves its row.
        try room.server.owner().query(
            "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE user_id = $1", [room.id(.father)])
        try room.changeMark()
        #expect(try await eventually { try room.outcomes(.father) == ["gone"] })
        #expect(try await eventually { try room.isQuiet() })
        #expect(receiver.requests.isEmpty)
        #expect(try room.outcomes(.mother) == [])
    }

    @Test func onlyUsableSubscriptionsAreTaken() async throws {
        let room = try await OutboxRoom()
        let client = room.client(.mother)
        let device = try OutboxRoom.Device()
        func post(_ json: String) throws -> [String] {
            let answer = try client.post("/v1/me/push-subscriptions", json: json)
            #expect(answer.status == 422, "\(answer.text)")
            return answer.json["errors"]?.array.map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
                ?? []
        }
        for (endpoint, code) in [
            ("https://10.0.0.1/x", "forbidden_address"), ("https://[::1]/x", "forbidden_address"),
            ("https://a:b@push.example/x", "has_credentials"), ("ftp://push.example/x", "invalid_scheme"),
            ("https://push.example/ x", "invalid_url"), ("push.example/x", "invalid_url"),
            ("HTTPS://push.example/x", "invalid_url"), ("https:/push.example/x", "invalid_url"),
            ("https:///push.example/x", "invalid_url"),
        ] {
            #expect(try post(device.subscription(endpoint)) == ["/endpoint \(code)"], "\(endpoint)")
        }
        let off = Base64.url.encode([4] + [UInt8](repeating: 1, count: 64))
        #expect(
            try post(#"{"endpoint": "https://push.example/x", "p256dh": "\#(off)", "auth": "AAAA"}"#) == [
                "/p256dh not_a_key", "/auth not_a_key",
            ])
        // Padded, with the time of the browser
        let padded = """
            {"endpoint": "https://push.example/x", "auth": "\(Base64.url.encode(device.auth))==",
             "p256dh": "\(Base64.url.encode(device.key.publicKey.bytes))=", "expiration_time": 4102444800000}
            """
        let made = try client.post("/v1/me/push-subscriptions", json: padded)
        #expect(made.status == 201 && made.json["expires_at"]?.string?.hasPrefix("2100-01-01") == true, "\(made.text)")
        #expect(made.json["service"]?.string == "https://push.example" && made.json["current"]?.bool == true)
        // Another person on the same device takes it over.
        let taken = try room.client(.father).post("/v1/me/push-subscriptions", json: padded)
        #expect(taken.status == 201 && taken.json["id"]?.string != made.json["id"]?.string, "\(taken.text)")
        #expect(try client.get("/v1/me/push-subscriptions").json["items"]?.array.count == 0)
        let id = try #require(taken.json["id"]?.string)
        #expect(try client.delete("/v1/me/push-subscriptions/\(id)").status == 404)
        #expect(try room.client(.father).delete("/v1/me/push-subscriptions/\(id)").status == 204)
        let key = try client.get("/v1/push/key").json["public_key"]?.string
        #expect(try P256.PublicKey(Base64.url.decode(key ?? "") ?? []).bytes.count == 65)
    }
}
