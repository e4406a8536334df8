/// Limits of one request. Sizes are in bytes.
package struct Limits: Sendable {
    /// Request line and header fields with their line ends. Exceeding it is a 431, or a 414 or 501 within the request
    /// line.
    package var head = 16 * 1024
    /// The request target. Exceeding it is a 414.
    package var target = 8 * 1024
    /// The number of header fields, and separately of trailer fields. Exceeding it is a 431.
    package var fields = 100
    /// Content without its framing. Exceeding it is a 413. `RequestParser.maximumBody` overrides it per request.
    package var body = 1024 * 1024
    /// The trailer section. Exceeding it is a 431.
    package var trailers = 4 * 1024
    /// All chunk extensions of one message together. Exceeding it is a 400.
    package var chunkExtensions = 1024

    package init(
        head: Int = 16 * 1024, target: Int = 8 * 1024, fields: Int = 100, body: Int = 1024 * 1024,
        trailers: Int = 4 * 1024, chunkExtensions: Int = 1024
    ) {
        self.head = head
        self.target = target
        self.fields = fields
        self.body = body
        self.trailers = trailers
        self.chunkExtensions = chunkExtensions
    }
}
