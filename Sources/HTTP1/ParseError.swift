/// Why a request was refused. The server then answers once and closes the connection, because it cannot tell where the
/// refused request ends.
package enum ParseError: String, Error, Sendable, CaseIterable {
    case badRequestLine = "bad_request_line"
    case badMethod = "bad_method"
    case badTarget = "bad_target"
    case badVersion = "bad_version"
    case bareLineFeed = "bare_line_feed"
    case bareCarriageReturn = "bare_carriage_return"
    case badFieldName = "bad_field_name"
    case badFieldValue = "bad_field_value"
    case foldedField = "folded_field"
    case missingHost = "missing_host"
    case repeatedHost = "repeated_host"
    case badHost = "bad_host"
    case badContentLength = "bad_content_length"
    case repeatedContentLength = "repeated_content_length"
    case lengthAndTransferCoding = "length_and_transfer_coding"
    case badTransferCoding = "bad_transfer_coding"
    case badChunk = "bad_chunk"
    case chunkExtensionsTooLong = "chunk_extensions_too_long"
    case contentTooLarge = "content_too_large"
    case targetTooLong = "target_too_long"
    case headTooLarge = "head_too_large"
    case tooManyFields = "too_many_fields"
    case methodTooLong = "method_too_long"
    case unknownExpectation = "unknown_expectation"
    case unknownTransferCoding = "unknown_transfer_coding"
    case unsupportedVersion = "unsupported_version"

    /// A stable name for logs and problem documents.
    package var code: String { rawValue }

    package var status: Status {
        switch self {
        case .contentTooLarge: .contentTooLarge
        case .targetTooLong: .uriTooLong
        case .headTooLarge, .tooManyFields: .requestHeaderFieldsTooLarge
        case .methodTooLong, .unknownTransferCoding: .notImplemented
        case .unknownExpectation: .expectationFailed
        case .unsupportedVersion: .httpVersionNotSupported
        default: .badRequest
        }
    }

    /// A short text that is safe to send.
    package var text: String {
        switch self {
        case .badRequestLine: "The request line is malformed."
        case .badMethod: "The method is not a token."
        case .badTarget: "The request target is malformed."
        case .badVersion: "The protocol version is malformed."
        case .bareLineFeed: "A line ends in LF without CR."
        case .bareCarriageReturn: "A CR is not followed by LF."
        case .badFieldName: "A header field's name is malformed."
        case .badFieldValue: "A header field's value has a forbidden byte."
        case .foldedField: "A header field is folded over several lines."
        case .missingHost: "The Host field is missing."
        case .repeatedHost: "There is more than one Host field."
        case .badHost: "The Host field is malformed."
        case .badContentLength: "Content-Length is not a number."
        case .repeatedContentLength: "There is more than one Content-Length field."
        case .lengthAndTransferCoding: "Content-Length and Transfer-Encoding are both present."
        case .badTransferCoding: "Transfer-Encoding is malformed or not allowed here."
        case .badChunk: "The chunked framing is malformed."
        case .chunkExtensionsTooLong: "The chunk extensions are too long."
        case .contentTooLarge: "The content is larger than allowed here."
        case .targetTooLong: "The request target is too long."
        case .headTooLarge: "The header section is too large."
        case .tooManyFields: "There are too many header fields."
        case .methodTooLong: "The method is too long."
        case .unknownExpectation: "Expect has a member other than 100-continue."
        case .unknownTransferCoding: "The transfer coding is not supported."
        case .unsupportedVersion: "Only HTTP/1.1 and HTTP/1.0 are supported."
        }
    }
}
