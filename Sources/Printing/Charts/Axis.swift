import Glibc

/// Round numbers for an axis.
enum Axis {
    /// 1, 2 or 5 times a power of ten, so that there are at most six steps.
    static func step(_ span: Double) -> Double {
        guard span > 0, span.isFinite else { return 1 }
        let rough = span / 5
        let power = pow(10, floor(log10(rough)))
        let factor = rough / power
        return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * power
    }

    static func ticks(from low: Double, to high: Double) -> [Double] {
        let step = step(high - low)
        let count = Int(((high - low) / step + 0.001).rounded(.down))
        return (0...max(0, count)).map { low + step * Double($0) }
    }

    /// The end of an axis from zero.
    static func end(of value: Double) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        let step = step(value)
        return (value / step - 0.001).rounded(.up) * step
    }

    static func range(of values: [Double]) -> ClosedRange<Double> {
        guard let least = values.min(), let most = values.max() else { return 0...1 }
        let step = step(max(most - least, abs(most) / 10, 0.1))
        let low = (least / step + 0.001).rounded(.down) * step
        let high = (most / step - 0.001).rounded(.up) * step
        return low == high ? low - step...high + step : low...high
    }

    /// With a comma, rounded half up.
    static func label(_ value: Double, digits: Int) -> String {
        let scale = pow(10, Double(digits))
        // A hair more, because 0.15 is a little less than 15 hundredths.
        let scaled = Int((abs(value) * scale + 0.5 + 1e-9).rounded(.down))
        let sign = value < 0 && scaled > 0 ? "−" : ""
        guard digits > 0 else { return sign + String(scaled) }
        let rest = String(scaled % Int(scale))
        return sign + String(scaled / Int(scale)) + "," + String(repeating: "0", count: digits - rest.count) + rest
    }
}

/// The names of series, each beside its mark, in one line.
enum Legend {
    enum Mark {
        case box(String)
    }

    static func draw(_ entries: [(name: String, mark: Mark)], at y: Double, width: Double, in svg: inout SVG) {
        var x = 0.0
        for (name, mark) in entries {
            let room = width - x - 16
            guard room > 20 else { return }
            switch mark {
            case .box(let shade): svg.rectangle(x, y - 8, 10, 9, fill: shade, stroke: "#000")
            }
            svg.text(name, x + 14, y, room: room)
            x += 14 + TextWidth.of(name, size: 10) + 18
        }
    }
}
