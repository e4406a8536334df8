import Crypto
import Mustache

/// The pages that people see: templates and a style sheet, read once at the start.
package struct Pages: Sendable {
    private let authorization: MustacheTemplate
    private let style: String
    /// The style sheet as a source of Content-Security-Policy.
    let styleSource: String

    /// What each template begins with: the library's own escaping goes by characters, and lets a quotation mark with an accent
    /// above it pass, which for HTML still is one.
    private static let pragma = "{{% CONTENT_TYPE:\(markup)}}"
    private static let markup = "MARKUP"

    /// - Parameters:
    ///   - authorization: the text of `Templates/authorization.mustache`.
    ///   - style: the text of `Templates/page.css`.
    package init(authorization: String, style: String) throws {
        MustacheContentTypes.register(Markup(), named: Self.markup)
        guard authorization.hasPrefix(Self.pragma) else {
            throw PagesError("A template has to begin with \(Self.pragma)")
        }
        do {
            self.authorization = try MustacheTemplate(string: authorization)
        } catch {
            throw PagesError("Templates/authorization.mustache: \(error)")
        }
        self.style = style
        let digest = Base64.standard.encode(try SHA256.hash(Array(style.utf8)))
        // 32 bytes: one sign is filled up.
        styleSource = "'sha256-\(digest)='"
    }

    /// - Parameter values: texts as they are, lists of the same, and booleans.
    func authorization(_ values: [String: Any]) -> [UInt8] {
        Array(authorization.render(values.merging(["style": style]) { value, _ in value }).utf8)
    }
}

package struct PagesError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Text in HTML, between tags and in quoted attributes, escaped byte by byte.
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
