/// A list of language ranges with weights (RFC 9110 section 12.5.4), matched by the lookup of RFC 4647 section 3.4.
package struct AcceptLanguage: Sendable {
    private struct Range: Sendable {
        var tag: String
        /// Thousandths.
        var weight: Int
    }

    private let ranges: [Range]

    /// Ranges are compared with each other, so a header with thousands of them would be expensive. Further ranges are
    /// ignored.
    private static let maximumCount = 32

    /// Unreadable members are skipped: a bad preference is no reason to refuse a request.
    package init(_ header: String) {
        ranges = header.split(separator: ",", maxSplits: AcceptLanguage.maximumCount)
            .prefix(AcceptLanguage.maximumCount)
            .compactMap { AcceptLanguage.range($0) }
            .enumerated()
            .sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }
            .map(\.element)
    }

    /// The offered tag with the highest weight, nil if none is acceptable. The header's order decides between equal
    /// weights.
    package func best(of offered: [String]) -> String? {
        for range in ranges where range.weight > 0 {
            for tag in offered where !isRefused(tag) {
                let tag = tag
                let lowered = tag.lowercased()
                if range.tag == "*" {
                    if !ranges.contains(where: { $0.tag != "*" && AcceptLanguage.matches($0.tag, lowered) }) {
                        return tag
                    }
                } else if AcceptLanguage.matches(range.tag, lowered) {
                    return tag
                }
            }
        }
        return nil
    }

    private func isRefused(_ tag: String) -> Bool {
        let lowered = tag.lowercased()
        return ranges.contains { $0.weight == 0 && $0.tag == lowered }
    }

    /// `ru-RU` also matches `ru`, and `en` also matches `en-GB`.
    private static func matches(_ range: String, _ tag: String) -> Bool {
        range == tag || range.hasPrefix(tag + "-") || tag.hasPrefix(range + "-")
    }

    private static func range(_ text: Substring) -> Range? {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
        guard let tag = parts.first, !tag.isEmpty,
            tag.utf8.allSatisfy({ Bytes.isDigit($0) || Bytes.lowercased($0) &- 0x61 < 26 || $0 == 0x2D || $0 == 0x2A })
        else { return nil }
        guard parts.count > 1 else { return Range(tag: tag.lowercased(), weight: 1000) }
        guard parts.count == 2, let weight = Weight.thousandths(Array(parts[1].utf8)[...]) else { return nil }
        return Range(tag: tag.lowercased(), weight: weight)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
