/// Builds an SVG picture that stands inside HTML. Sizes are CSS pixels; texts are escaped.
struct SVG {
    enum Anchor: String {
        case start, middle, end
    }

    private var elements = ""
    let width: Double
    let height: Double

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    mutating func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, stroke: String, width: Double = 1, dashes: String = ""
    ) {
        let pattern = dashes.isEmpty ? "" : " stroke-dasharray=\"\(dashes)\""
        elements +=
            "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" stroke=\"\(stroke)\" stroke-width=\"\(n(width))\"\(pattern)/>"
    }

    mutating func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, fill: String, stroke: String = "none"
    ) {
        elements +=
            "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\" fill=\"\(fill)\" stroke=\"\(stroke)\"/>"
    }

    mutating func path(_ data: String, fill: String, stroke: String = "#000", width: Double = 1, dashes: String = "") {
        let pattern = dashes.isEmpty ? "" : " stroke-dasharray=\"\(dashes)\""
        elements += "<path d=\"\(data)\" fill=\"\(fill)\" stroke=\"\(stroke)\" stroke-width=\"\(n(width))\"\(pattern)/>"
    }

    /// - Parameter room: the text is cut to so many pixels.
    mutating func text(
        _ text: String, _ x: Double, _ y: Double, size: Double = 10, anchor: Anchor = .start, isBold: Bool = false,
        fill: String = "#000", room: Double = .infinity, upright: Bool = false
    ) {
        let turn = upright ? " transform=\"rotate(-90 \(n(x)) \(n(y)))\"" : ""
        elements +=
            "<text x=\"\(n(x))\" y=\"\(n(y))\" font-size=\"\(n(size))\" text-anchor=\"\(anchor.rawValue)\" fill=\"\(fill)\"\(isBold ? " font-weight=\"bold\"" : "")\(turn)>\(Self.escaped(TextWidth.cut(text, to: room, size: size)))</text>"
    }

    /// - Parameter title: read aloud instead of the picture.
    func markup(title: String) -> String {
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" aria-label=\"\(Self.escaped(title))\" width=\"\(n(width))\" height=\"\(n(height))\" viewBox=\"0 0 \(n(width)) \(n(height))\" font-family=\"'PT Sans', 'DejaVu Sans', sans-serif\">\(elements)</svg>"
    }

    /// A number with at most one digit after the point.
    func number(_ value: Double) -> String { n(value) }

    private func n(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        let whole = tenths / 10
        let rest = abs(tenths % 10)
        if rest == 0 { return String(whole) }
        return "\(tenths < 0 && whole == 0 ? "-" : "")\(whole).\(rest)"
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\u{0}"..<"\u{20}": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// How wide a text is in PT Sans, about: charts need it for their margins.
enum TextWidth {
    static func of(_ text: String, size: Double) -> Double {
        text.unicodeScalars.reduce(0) { $0 + width(of: $1) } * size
    }

    static func cut(_ text: String, to room: Double, size: Double) -> String {
        guard of(text, size: size) > room else { return text }
        var result = ""
        var used = width(of: "…") * size
        for character in text {
            used += of(String(character), size: size)
            if used > room { break }
            result.append(character)
        }
        return result.trimmingBlanks + "…"
    }

    private static func width(of scalar: Unicode.Scalar) -> Double {
        switch scalar {
        case " ", ".", ",", ":", ";", "i", "l", "j", "|", "(", ")": 0.3
        case "0"..."9", "a"..."z", "-", "–": 0.53
        case "Ж", "М", "Ш", "Щ", "Ы", "Ю", "W", "M", "ж", "м", "ш", "щ", "ы", "ю", "…", "%", "—": 0.85
        case "а"..."я", "ё": 0.55
        default: 0.66
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
