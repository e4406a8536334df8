import Mustache

/// An HTML template. Everything that a template inserts with two braces is escaped for HTML.
package struct Template: Sendable {
    private let template: MustacheTemplate

    /// The required first line of each template. The library's own escaping works by characters and does not escape a
    /// quotation mark with a combining accent, which is still a quotation mark in HTML.
    private static let pragma = "{{% CONTENT_TYPE:\(markup)}}"
    private static let markup = "MARKUP"

    /// - Parameter name: the file, for the error.
    package init(_ text: String, name: String) throws(TemplateError) {
        MustacheContentTypes.register(Markup(), named: Self.markup)
        guard text.hasPrefix(Self.pragma) else { throw TemplateError("\(name) must begin with \(Self.pragma)") }
        do {
            template = try MustacheTemplate(string: text)
        } catch {
            throw TemplateError("\(name): \(error)")
        }
    }

    /// - Parameter values: unescaped texts, lists of values, and booleans.
    package func render(_ values: [String: Any]) -> String { template.render(values) }
}

package struct TemplateError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Escapes text for HTML, between tags and in quoted attributes, byte by byte.
private struct Markup: MustacheContentType {
    func escapeText(_ text: String) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): output += Array("&amp;".utf8)
            case UInt8(ascii: "<"): output += Array("&lt;".utf8)
            case UInt8(ascii: ">"): output += Array("&gt;".utf8)
            case UInt8(ascii: "\""): output += Array("&quot;".utf8)
            case UInt8(ascii: "'"): output += Array("&#39;".utf8)
            default: output.append(byte)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
