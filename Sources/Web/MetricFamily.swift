/// A metric with its samples, as Prometheus defines them.
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        /// Only grows; its name ends in `_total`.
        case counter
        case gauge
        case histogram
    }

    package struct Sample: Sendable {
        /// The ending after the family's name: `_bucket`, `_sum`, `_count` of a histogram.
        package var suffix: String
        /// `{route="/livez"}`, or an empty text.
        package var labels: String
        package var value: Double

        package init(suffix: String = "", labels: String = "", value: Double) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    package let name: String
    package let kind: Kind
    package let help: String
    package var samples: [Sample]

    package init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    package init(_ name: String, _ kind: Kind, _ help: String, value: some BinaryInteger) {
        self.init(name, kind, help, [Sample(value: Double(value))])
    }

    package mutating func add(_ labels: [(name: String, value: String)], _ value: Double) {
        samples.append(Sample(labels: Self.labels(labels), value: value))
    }

    package mutating func add(_ labels: [(name: String, value: String)], _ value: some BinaryInteger) {
        add(labels, Double(value))
    }

    /// Adds a histogram's samples.
    ///
    /// - Parameters:
    ///   - counts: not cumulative, one more than there are bounds.
    ///   - sum: in the unit of the bounds.
    package mutating func addHistogram(
        _ labels: [(name: String, value: String)], bounds: [Double], counts: [UInt64], sum: Double
    ) {
        var total: UInt64 = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < bounds.count ? String(bounds[index]) : "+Inf"
            samples.append(
                Sample(suffix: "_bucket", labels: Self.labels(labels + [("le", bound)]), value: Double(total)))
        }
        samples.append(Sample(suffix: "_sum", labels: Self.labels(labels), value: sum))
        samples.append(Sample(suffix: "_count", labels: Self.labels(labels), value: Double(total)))
    }

    /// Merges the families of several cores: samples with the same name and labels are added up.
    package static func sum(_ parts: [[MetricFamily]]) -> [MetricFamily] {
        var families: [MetricFamily] = []
        var places: [String: Int] = [:]
        var samples: [String: Int] = [:]
        for family in parts.joined() {
            guard let place = places[family.name] else {
                places[family.name] = families.count
                for (index, sample) in family.samples.enumerated() { samples[key(family, sample)] = index }
                families.append(family)
                continue
            }
            for sample in family.samples {
                let key = key(family, sample)
                if let index = samples[key] {
                    families[place].samples[index].value += sample.value
                } else {
                    samples[key] = families[place].samples.count
                    families[place].samples.append(sample)
                }
            }
        }
        return families
    }

    private static func key(_ family: MetricFamily, _ sample: Sample) -> String {
        family.name + sample.suffix + sample.labels
    }

    private static func labels(_ labels: [(name: String, value: String)]) -> String {
        if labels.isEmpty { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
