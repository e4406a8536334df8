import CCurl

/// The parts of a URL as libcurl reads it, so that a check and the request see the same host.
struct URLParts {
    let scheme: String
    let host: String
    let hasCredentials: Bool

    /// Nil if the URL is not absolute or not valid.
    init?(_ text: String) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let url = unsafe curl_url() else { return nil }
        defer { unsafe curl_url_cleanup(url) }
        guard unsafe curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK,
            let scheme = unsafe Self.part(CURLUPART_SCHEME, of: url),
            let host = unsafe Self.part(CURLUPART_HOST, of: url)
        else { return nil }
        // libcurl also reads `HTTPS:/host` and `https:///host`; other readers of the URL would not.
        let start = scheme + "://"
        guard text.hasPrefix(start), text.dropFirst(start.count).first != "/" else { return nil }
        self.scheme = scheme
        self.host = host
        hasCredentials =
            unsafe Self.part(CURLUPART_USER, of: url) != nil || Self.part(CURLUPART_PASSWORD, of: url) != nil
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(url, part, &text, 0) == CURLUE_OK, let text = unsafe text else { return nil }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }
}
