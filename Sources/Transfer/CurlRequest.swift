import CCurl
import HTTP1

/// An HTTP request by libcurl.
struct CurlRequest {
    let curl: Curl

    /// - Parameter left: seconds.
    init(
        _ request: OutgoingRequest, _ configuration: Transfer.Configuration, _ guarded: AddressGuard,
        left: Double = .infinity
    ) throws(TransferFailure) {
        curl = try Curl()
        curl.admit(only: guarded)
        let names = configuration.allowsPlainHTTP ? "http,https" : "https"
        curl.speak(names, mask: Int(configuration.allowsPlainHTTP ? CURLPROTO_HTTP | CURLPROTO_HTTPS : CURLPROTO_HTTPS))
        curl.set(CURLOPT_URL, request.url)
        curl.set(CURLOPT_CUSTOMREQUEST, request.method)
        if let authorities = configuration.authorities { curl.set(CURLOPT_CAINFO, authorities) }
        curl.set(CURLOPT_CONNECTTIMEOUT_MS, seconds: request.connectTimeout)
        curl.set(CURLOPT_TIMEOUT_MS, seconds: min(request.timeout, left))
        if !request.body.isEmpty || request.method == "POST" {
            curl.set(CURLOPT_POST, 1)
            curl.send(request.body, size: CURLOPT_POSTFIELDSIZE_LARGE)
        }
        // libcurl would ask for "100 Continue" first. A field without a value is written with a semicolon.
        curl.set(
            CURLOPT_HTTPHEADER,
            list: request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" } + ["Expect:"])
        curl.receive(atMost: request.largestAnswer)
    }

    func perform() throws(TransferFailure) -> OutgoingRequest.Answer {
        do {
            try curl.perform()
        } catch {
            // A status is of no use without a complete answer.
            throw TransferFailure(error.kind, code: error.code)
        }
        return OutgoingRequest.Answer(status: curl.status, retryAfter: curl.retryAfter, body: curl.output)
    }
}
