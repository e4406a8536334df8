/// What one request may take. Sizes are bytes.
package struct Limits: Sendable {
    /// Request line and header fields with their line ends; more is a 431 (a 414 while the line itself has no end).
    package var head = 16 * 1024
    /// The request target; more is a 414.
    package var target = 8 * 1024
    /// Header fields, and apart from them trailer fields; more is a 431.
    package var fields = 100
    /// Content after the framing is taken off; more is a 413. `RequestParser.maximumBody` sets it per request.
    package var body = 1024 * 1024
    /// The trailer section; more is a 431.
    package var trailers = 4 * 1024
    /// Chunk extensions of one message together; more is a 400.
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
