/// `Accept` (RFC 9110 section 12.5.1) compared with the available media types.
package enum MediaRange {
    /// The offered type with the greatest weight, the first one if several are equal. Without a preference the first
    /// offered type; nil if none is acceptable.
    package static func best(of offered: [String], for accept: String?) -> String? {
        guard let accept, !accept.trimmed.isEmpty else { return offered.first }
        var best: (type: String, weight: Double)?
        for type in offered {
            let weight = weight(of: type, in: accept)
            if weight > best?.weight ?? 0 { best = (type, weight) }
        }
        return best?.type
    }

    /// The weight of the most specific matching range.
    private static func weight(of type: String, in accept: String) -> Double {
        var found: (precision: Int, weight: Double) = (-1, 0)
        for part in accept.split(separator: ",") {
            let fields = part.split(separator: ";").map { String($0).trimmed.lowercased() }
            guard let range = fields.first else { continue }
            let precision: Int
            if range == type {
                precision = 2
            } else if range.hasSuffix("/*"), type.hasPrefix(range.dropLast()) {
                precision = 1
            } else if range == "*/*" {
                precision = 0
            } else {
                continue
            }
            let quality = fields.dropFirst().first { $0.hasPrefix("q=") }
            let weight = quality.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if precision > found.precision { found = (precision, weight) }
        }
        return found.weight
    }
}
