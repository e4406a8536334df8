import Glibc
import Synchronization

/// Repeats requests in a thread of its own, and judges each answer by what was acknowledged before the request.
final class StormReader {
    private let storm: Storm
    private let connections: [StormConnection]
    private var memories: [Memory]
    private var figures = StormFigures()
    private var random = SystemRandomNumberGenerator()

    /// The last body of a view, plain or compressed.
    private struct Memory {
        let request: [UInt8]
        var token = ""
        var authorization: [UInt8] = []
        var entityTag: [UInt8]?
        var body: [UInt8] = []
        var sights: [StormSight] = []
    }

    init(_ storm: Storm) {
        self.storm = storm
        connections = storm.servers.map { StormConnection($0) }
        memories = storm.views.flatMap { view in
            ["identity", "gzip"].map { encoding in
                Memory(
                    request: Array(
                        "GET \(view.path) HTTP/1.1\r\nHost: lyceum.test\r\nAccept-Encoding: \(encoding)\r\n".utf8))
            }
        }
    }

    func run() -> StormFigures {
        while !storm.isOver.isSet {
            let view = Int.random(in: 0..<storm.views.count, using: &random)
            read(storm.views[view], at: 2 * view + Int.random(in: 0..<4, using: &random) / 3)
        }
        return figures
    }

    private func read(_ view: StormView, at index: Int) {
        let isConditional = memories[index].entityTag != nil && Int.random(in: 0..<5, using: &random) < 2
        let request = request(view, at: index, isConditional: isConditional)
        let connection = connections[Int.random(in: 0..<connections.count, using: &random)]
        let gateBefore = view.gate?.oldest ?? 0
        let before = view.signs.map { $0.fact.oldest }
        let answer: StormConnection.Answer
        do throws(HTTPClient.NoAnswer) {
            answer = try connection.send(request)
        } catch {
            figures.count("\(error)")
            if error == .hung { figures.violation("\(view.path): no answer") }
            usleep(2000)
            return
        }
        storm.answered.add(1, ordering: .relaxed)
        figures.count(answer.status)
        switch answer.status {
        case 200:
            guard remember(answer, of: view, on: connection, at: index) else {
                return figures.violation("\(view.path): a damaged body")
            }
        case 304 where isConditional: break
        case 404 where view.gate != nil: break
        case 401: return view.session.renew(memories[index].token)
        case 503:
            usleep(2000)
            return
        default:
            let text = connection.withBody(answer) { String(decoding: $0, as: UTF8.self) }
            return figures.violation("\(view.path): \(answer.status) \(text)")
        }
        if let gate = view.gate {
            judge(gate, .isThere(answer.status != 404), gateBefore, view, answer.status)
            if answer.status == 404 { return }
        }
        for (position, sign) in view.signs.enumerated() {
            judge(sign.fact, memories[index].sights[position], before[position], view, answer.status)
        }
    }

    private func judge(_ fact: StormFact, _ sight: StormSight, _ before: Int, _ view: StormView, _ status: Int) {
        let newest = fact.newest
        if sight.isPossible(before...max(before, newest)) {
            // What was shown once is shown ever after.
            if case .number(let number) = sight { fact.acknowledge(number) }
        } else {
            storm.isStale.set()
            figures.isStale(
                fact, "\(view.path) of \(view.session.login) (\(status)): \(sight) in \(before)...\(newest)")
        }
    }

    private func request(_ view: StormView, at index: Int, isConditional: Bool) -> [UInt8] {
        let token = view.session.token
        if memories[index].token != token {
            memories[index].token = token
            memories[index].authorization = Array("Authorization: Bearer \(token)\r\n".utf8)
        }
        var request = memories[index].request
        request += memories[index].authorization
        if isConditional, let tag = memories[index].entityTag {
            request += Self.condition
            request += tag
            request += Self.newLine
        }
        request += Self.newLine
        return request
    }

    /// - Returns: false when the body can't be read.
    private func remember(
        _ answer: StormConnection.Answer, of view: StormView, on connection: StormConnection, at index: Int
    ) -> Bool {
        connection.withBody(answer) { body in
            memories[index].entityTag = answer.entityTag
            let isKnown = memories[index].body.withUnsafeBytes {
                $0.count == body.count && memcmp($0.baseAddress!, body.baseAddress!, body.count) == 0
            }
            if isKnown { return true }
            guard answer.isCompressed else {
                memories[index].sights = view.signs.map { $0.look(into: body) }
                memories[index].body = Array(body)
                return true
            }
            guard let content = StormConnection.inflate(body) else { return false }
            memories[index].sights = content.withUnsafeBytes { content in view.signs.map { $0.look(into: content) } }
            memories[index].body = Array(body)
            return true
        }
    }

    private static let condition = Array("If-None-Match: ".utf8)
    private static let newLine = Array("\r\n".utf8)
}
