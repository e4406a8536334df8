import Diary
import Postgres
import Reactor
import Transfer
import Web

/// Sends mails to the mail server.
struct MailSender: Sendable {
    let mail: MailSettings
    let transfer: Transfer
    let secrets: MailSecrets
    let health: ServerHealth

    // MARK: News

    func send(_ piece: Piece, _ lanes: Lanes) async throws -> Delivery.Outcome {
        if let pause = health.pause(of: Self.server) { return .postponed(seconds: pause) }
        guard let rows = try await Delivery.begin(piece, lanes, Self.load) else { return .skipped }
        guard !rows.isEmpty else { return .gone }
        guard let kinds = rows.text(0, "kinds"), !rows.boolean(0, "is_late") else { return .skipped }
        if let wait = rows.integer(0, "wait"), wait > 0 { return .postponed(seconds: Double(wait)) }
        let school = rows.text(0, "school")!
        let language = Language(rawValue: rows.text(0, "locale")!) ?? .russian
        let link = EmailUnsubscription.address(
            mail.base, try secrets.link(school: piece.school, id: rows.text(0, "id")!))
        let news = MailText.news(
            Self.counts(kinds), isUrgent: rows.boolean(0, "is_urgent"), school: school, link: mail.link,
            unsubscribe: link, language)
        let message = message(
            piece.id, to: rows.text(0, "address")!, school: school, news, language, unsubscribe: link)
        switch await hand(over: message, for: rows.text(0, "id")!, before: piece.effectEnd) {
        case .taken: return .sent
        case .unknownRecipient(let code): return .refused(code, fails: true)
        case .failed(let code): return .failed(code, attempt: rows.integer(0, "attempts")!)
        case .blocked(let code, let seconds): return .blocked(code, seconds: seconds)
        }
    }

    /// `mark 2,homework 1` as pairs.
    private static func counts(_ text: String) -> [(kind: String, count: Int)] {
        text.split(separator: ",").map { part in
            let words = part.split(separator: " ")
            return (String(words[0]), Int(words[1])!)
        }
    }

    // MARK: Codes

    func sendCode(_ piece: Piece, _ lanes: Lanes) async throws -> BackgroundWork.Progress {
        if let pause = health.pause(of: Self.server) { return .again(seconds: pause) }
        let rows = try await lanes.transaction(piece.scope) { transaction in
            try await transaction.run([Self.code(.integer(piece.school), .text(piece.id))])[0]
        }
        guard !rows.isEmpty else { return .done }
        let school = rows.text(0, "school")!
        let language = Language(rawValue: rows.text(0, "locale")!) ?? .russian
        let text = MailText.code(try secrets.code(of: piece.id), school: school, language)
        let message = message(piece.id, to: rows.text(0, "address")!, school: school, text, language, unsubscribe: nil)
        return switch await hand(over: message, for: piece.id, before: piece.effectEnd) {
        case .taken, .unknownRecipient: .done
        case .failed: .again(seconds: 30)
        case .blocked(let code, let seconds): .blocked(seconds: seconds, code: code)
        }
    }

    // MARK: Inside

    /// The name of the mail server for `health`.
    private static let server = "mail"

    private enum Answer {
        case taken
        case unknownRecipient(String)
        case failed(String)
        /// The mail server refuses one message after the other.
        case blocked(String, seconds: Double)
    }

    /// The mail server's own trouble is never blamed on a recipient.
    private func hand(over message: OutgoingMail, for target: String, before end: UInt64) async -> Answer {
        do throws(TransferFailure) {
            try await transfer.send(message, before: end)
            health.took(Self.server)
            return .taken
        } catch {
            if let seconds = health.refused(Self.server, for: target) { return .blocked(error.code, seconds: seconds) }
            return error.isAboutRecipient ? .unknownRecipient(error.code) : .failed(error.code)
        }
    }

    private func message(
        _ id: String, to address: String, school: String, _ content: (subject: String, text: String),
        _ language: Language, unsubscribe: String?
    ) -> OutgoingMail {
        let message = MailMessage(
            sender: school, from: mail.from, to: address, subject: content.subject, text: content.text,
            id: "\(id)@\(mail.from.drop { $0 != "@" }.dropFirst())", date: Clock.wall.seconds,
            language: language.rawValue, unsubscribe: unsubscribe)
        return OutgoingMail(
            host: mail.host, port: mail.port, security: mail.security, user: mail.user, password: mail.password,
            sender: mail.from, recipients: [address], message: message.bytes)
    }

    private static let load = Statement(
        """
        SELECT a.id, a.address, u.locale, c.name AS school, d.is_urgent, d.attempts, d.\(Delivery.isLate),
            n.kinds, n.wait
        FROM deliveries d
        JOIN email_addresses a ON a.school_id = d.school_id AND a.person_id = d.person_id AND a.failing_since IS NULL
        JOIN users u ON u.school_id = d.school_id AND u.id = d.person_id
        JOIN schools c ON c.id = d.school_id
        CROSS JOIN LATERAL (
            SELECT string_agg(k.kind || ' ' || k.count, ',' ORDER BY k.kind) AS kinds, min(k.wait) AS wait
            FROM (
                SELECT n.kind, count(*), ceil(extract(epoch FROM min(n.due_at) - now()))::int AS wait
                FROM lyceum.news_of(d.school_id, d.id) n
                GROUP BY n.kind
            ) k
        ) n
        WHERE d.school_id = $1 AND d.id = $2::uuid
        """)

    private static let code = Statement(
        """
        SELECT c.address, u.locale, s.name AS school
        FROM email_codes c
        JOIN users u ON u.school_id = c.school_id AND u.id = c.person_id AND u.state = 'active'
        JOIN schools s ON s.id = c.school_id
        WHERE c.school_id = $1 AND c.id = $2::uuid AND c.used_at IS NULL
            AND c.created_at > now() - interval '30 minutes'
        """)

    fileprivate static let fail = Statement(
        """
        UPDATE email_addresses a SET failing_since = now()
        FROM deliveries d
        WHERE d.school_id = $1 AND d.id = $2::uuid AND a.school_id = d.school_id AND a.person_id = d.person_id
            AND a.failing_since IS NULL
        """)
}

extension BackgroundWork {
    static func sendMail(_ sender: MailSender) -> BackgroundWork {
        BackgroundWork("send_mail", .onDemand, deadline: 40) { piece, lanes in
            try await sender.send(piece, lanes)
        } _: { attempt, outcome in
            try await Delivery.end(attempt, outcome, forget: nil, fail: MailSender.fail, recover: nil)
        }
    }

    /// The mailing of a code. After 30 minutes there is nothing to send any more.
    static func sendEmailCode(_ sender: MailSender) -> BackgroundWork {
        BackgroundWork("send_email_code", .onDemand, deadline: 40) { piece, lanes in
            try await sender.sendCode(piece, lanes)
        } _: { _, progress in
            progress
        }
    }
}
