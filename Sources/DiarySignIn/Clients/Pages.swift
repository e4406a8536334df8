import Crypto
import Markup

/// The HTML pages: templates and a style sheet, read once at the start.
package struct Pages: Sendable {
    private let authorization: Template
    private let style: String
    /// The style sheet as a source of Content-Security-Policy.
    let styleSource: String
    private let slips: Template
    private let paperStyle: String
    /// The same of the slips.
    let paperStyleSource: String

    /// - Parameters:
    ///   - authorization: the text of `Templates/authorization.mustache`.
    ///   - style: the text of `Templates/page.css`.
    ///   - slips: the text of `Templates/reports/slips.mustache`.
    ///   - paperStyle: the text of `Templates/reports/report.css`.
    package init(authorization: String, style: String, slips: String, paperStyle: String) throws {
        self.authorization = try Template(authorization, name: "Templates/authorization.mustache")
        self.style = style
        styleSource = try Self.source(style)
        self.slips = try Template(slips, name: "Templates/reports/slips.mustache")
        self.paperStyle = paperStyle
        paperStyleSource = try Self.source(paperStyle)
    }

    private static func source(_ style: String) throws -> String {
        let digest = Base64.standard.encode(try SHA256.hash(Array(style.utf8)))
        // 32 bytes need one character of padding.
        return "'sha256-\(digest)='"
    }

    /// - Parameter values: unescaped texts, lists of values, and booleans.
    func authorization(_ values: [String: Any]) -> [UInt8] {
        Array(authorization.render(values.merging(["style": style]) { value, _ in value }).utf8)
    }

    /// - Parameter values: unescaped texts, lists of values, and booleans.
    func slips(_ values: [String: Any]) -> [UInt8] {
        Array(slips.render(values.merging(["style": paperStyle]) { value, _ in value }).utf8)
    }
}
