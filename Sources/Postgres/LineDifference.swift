/// Compares two texts by lines and prints the difference as `diff -u` does.
struct LineDifference {
    /// Empty if the texts are equal.
    let text: String

    init(from old: String, to new: String, names: (old: String, new: String), context: Int = 3) {
        let edits = Self.edits(Self.lines(old), Self.lines(new))
        var text = ""
        for hunk in Self.hunks(edits, context: context) {
            if text.isEmpty { text = "--- \(names.old)\n+++ \(names.new)\n" }
            text += Self.header(edits, hunk)
            for edit in edits[hunk] { text += "\(edit.sign)\(edit.line)\n" }
        }
        self.text = text
    }

    private struct Edit {
        /// A space, `-` or `+`.
        var sign: Character
        var line: Substring
    }

    private static func lines(_ text: String) -> [Substring] {
        if text.isEmpty { return [] }
        let end = text.hasSuffix("\n") ? text.index(before: text.endIndex) : text.endIndex
        return text[..<end].split(separator: "\n", omittingEmptySubsequences: false)
    }

    private static func edits(_ old: [Substring], _ new: [Substring]) -> [Edit] {
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in new.difference(from: old) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var edits: [Edit] = []
        var (from, to) = (0, 0)
        while from < old.count || to < new.count {
            if removed.contains(from) {
                edits.append(Edit(sign: "-", line: old[from]))
                from += 1
            } else if inserted.contains(to) {
                edits.append(Edit(sign: "+", line: new[to]))
                to += 1
            } else {
                edits.append(Edit(sign: " ", line: old[from]))
                (from, to) = (from + 1, to + 1)
            }
        }
        return edits
    }

    /// Changed lines with their context. Neighbouring ones are merged.
    private static func hunks(_ edits: [Edit], context: Int) -> [Range<Int>] {
        var hunks: [Range<Int>] = []
        for index in edits.indices where edits[index].sign != " " {
            let range = max(0, index - context)..<min(edits.count, index + context + 1)
            if let last = hunks.last, last.upperBound >= range.lowerBound {
                hunks[hunks.count - 1] = last.lowerBound..<range.upperBound
            } else {
                hunks.append(range)
            }
        }
        return hunks
    }

    private static func header(_ edits: [Edit], _ hunk: Range<Int>) -> String {
        func span(_ sign: Character) -> String {
            let count = edits[hunk].count { $0.sign == sign || $0.sign == " " }
            let before = edits[..<hunk.lowerBound].count { $0.sign == sign || $0.sign == " " }
            return "\(count == 0 ? before : before + 1),\(count)"
        }
        return "@@ -\(span("-")) +\(span("+")) @@\n"
    }
}
