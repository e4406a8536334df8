/// A strict parser of the Prometheus text format 0.0.4: whatever the format does not allow is an error.
package struct MetricsText {
    package struct Malformed: Error {
        package let line: String
        package let reason: String
    }

    package struct Sample {
        package let name: String
        package let labels: [String: String]
        package let value: Double
    }

    package private(set) var types: [String: String] = [:]
    package private(set) var helps: Set<String> = []
    package private(set) var samples: [Sample] = []

    package init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Malformed(line: "", reason: "the last line has no newline") }
        var family = ""
        var seen: Set<String> = []
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map({ String($0) }) {
            if line.hasPrefix("#") {
                let words = line.split(separator: " ", maxSplits: 3).map { String($0) }
                guard words.count == 4, words[0] == "#" else { throw Malformed(line: line, reason: "comment") }
                if words[1] == "HELP" {
                    guard helps.insert(words[2]).inserted else { throw Malformed(line: line, reason: "second HELP") }
                    family = words[2]
                } else {
                    guard words[1] == "TYPE", words[2] == family, types[family] == nil,
                        ["counter", "gauge", "histogram"].contains(words[3])
                    else { throw Malformed(line: line, reason: "TYPE") }
                    types[family] = words[3]
                }
                continue
            }
            let sample = try Self.sample(line)
            guard let type = types[family], Self.names(family, type).contains(sample.name) else {
                throw Malformed(line: line, reason: "outside its family")
            }
            guard seen.insert(String(line[..<line.lastIndex(of: " ")!])).inserted else {
                throw Malformed(line: line, reason: "twice")
            }
            samples.append(sample)
        }
        try checkHistograms()
    }

    package func values(_ name: String, _ labels: [String: String] = [:]) -> [Double] {
        samples.filter { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }.map { $0.value }
    }

    private static func names(_ family: String, _ type: String) -> [String] {
        type == "histogram" ? ["_bucket", "_sum", "_count"].map { family + $0 } : [family]
    }

    private static func sample(_ line: String) throws -> Sample {
        func fail(_ reason: String) -> Malformed { Malformed(line: line, reason: reason) }
        var rest = line[...]
        func name(_ extra: String) throws -> String {
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || extra.contains($0)) }
            guard let first = name.first, !first.isNumber else { throw fail("name") }
            rest = rest.dropFirst(name.count)
            return String(name)
        }
        func take(_ text: Character) throws {
            guard rest.popFirst() == text else { throw fail("\(text) is missing") }
        }
        let metric = try name("_:")
        var labels: [String: String] = [:]
        if rest.first == "{" {
            try take("{")
            while rest.first != "}" {
                let label = try name("_")
                try take("=")
                try take("\"")
                var value = ""
                while let character = rest.popFirst(), character != "\"" {
                    if character != "\\" {
                        value.append(character)
                    } else {
                        switch rest.popFirst() {
                        case "n": value.append("\n")
                        case "\\": value.append("\\")
                        case "\"": value.append("\"")
                        default: throw fail("escape")
                        }
                    }
                }
                guard labels.updateValue(value, forKey: label) == nil else { throw fail("label twice") }
                if rest.first != "}" { try take(",") }
            }
            try take("}")
        }
        try take(" ")
        guard let value = rest == "+Inf" ? .infinity : Double(rest) else { throw fail("value") }
        return Sample(name: metric, labels: labels, value: value)
    }

    /// Buckets increase with their bound and end with +Inf, which equals the count.
    private func checkHistograms() throws {
        for (family, type) in types where type == "histogram" {
            for count in samples where count.name == family + "_count" {
                let buckets = samples.filter { sample in
                    sample.name == family + "_bucket" && sample.labels.filter { $0.key != "le" } == count.labels
                }
                let bounds = buckets.map { $0.labels["le"] == "+Inf" ? Double.infinity : Double($0.labels["le"]!)! }
                guard bounds == bounds.sorted(), bounds.last == .infinity, Set(bounds).count == bounds.count,
                    buckets.map({ $0.value }) == buckets.map({ $0.value }).sorted(), buckets.last?.value == count.value,
                    samples.contains(where: { $0.name == family + "_sum" && $0.labels == count.labels })
                else { throw Malformed(line: "\(family) \(count.labels)", reason: "histogram") }
            }
        }
    }
}
