import Crypto
import Mustache

/// The HTML pages: templates and a style sheet, read once at the start.
package struct Pages: Sendable {
    private let authorization: MustacheTemplate
    private let style: String
    /// The style sheet as a source of Content-Security-Policy.
    let styleSource: String

    /// The required first line of each template. The library's own escaping works by characters and does not escape a
    /// quotation mark with a combining accent, which is still a quotation mark in HTML.
    private static let pragma = "{{% CONTENT_TYPE:\(markup)}}"
    private static let markup = "MARKUP"

    /// - Parameters:
    ///   - authorization: the text of `Templates/authorization.mustache`.
    ///   - style: the text of `Templates/page.css`.
    package init(authorization: String, style: String) throws {
        MustacheContentTypes.register(Markup(), named: Self.markup)
        guard authorization.hasPrefix(Self.pragma) else {
            throw PagesError("A template must begin with \(Self.pragma)")
        }
        do {
            self.authorization = try MustacheTemplate(string: authorization)
        } catch {
            throw PagesError("Templates/authorization.mustache: \(error)")
        }
        self.style = style
        let digest = Base64.standard.encode(try SHA256.hash(Array(style.utf8)))
        // 32 bytes need one character of padding.
        styleSource = "'sha256-\(digest)='"
    }

    /// - Parameter values: unescaped texts, lists of values, and booleans.
    func authorization(_ values: [String: Any]) -> [UInt8] {
        Array(authorization.render(values.merging(["style": style]) { value, _ in value }).utf8)
    }
}

package struct PagesError: Error, CustomStringConvertible {
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
