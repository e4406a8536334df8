import Glibc

/// An answer that readers ask for, and the facts that it shows.
struct StormView: Sendable {
    let path: String
    let session: StormSession
    /// While this one is not there, the answer is a 404.
    var gate: StormFact?
    let signs: [StormSign]
}

/// How a fact shows in a body.
struct StormSign: Sendable {
    enum Form: Sendable {
        /// The number stands behind the mark.
        case number
        /// The mark is in the body while the fact is there.
        case presence
        /// The mark is in the body while the fact is not there.
        case absence
    }

    let fact: StormFact
    let form: Form
    private let mark: [CChar]

    init(_ fact: StormFact, _ form: Form, _ mark: String) {
        self.fact = fact
        self.form = form
        self.mark = Array(mark.utf8CString)
    }

    func look(into body: UnsafeRawBufferPointer) -> StormSight {
        let found = body.find(mark)
        switch form {
        case .presence: return .isThere(found != nil)
        case .absence: return .isThere(found == nil)
        case .number:
            guard let found else { return .nothing }
            var number = 0
            for index in found + mark.count - 1..<body.count {
                let digit = Int(body[index]) - 48
                guard (0...9).contains(digit) else { break }
                number = number * 10 + digit
            }
            return .number(number)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The place of the first occurrence. A zero byte must follow the bytes, somewhere.
    ///
    /// - Parameter text: ends with a zero byte.
    func find(_ text: [CChar], from start: Int = 0) -> Int? {
        guard let base = baseAddress, start < count,
            let found = strstr((base + start).assumingMemoryBound(to: CChar.self), text)
        else { return nil }
        let place = UnsafeRawPointer(found) - base
        return place + text.count - 1 <= count ? place : nil
    }
}
