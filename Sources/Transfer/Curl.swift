import CCurl

/// A handle of libcurl and what its callbacks use. One thread makes it, uses it and drops it.
@safe final class Curl {
    private let handle: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>] = unsafe []
    private let exchange = Exchange()
    /// libcurl writes here why a transfer failed. It lives as long as the handle.
    private let message: UnsafeMutablePointer<CChar>

    /// What the callbacks read and write. It lives as long as the handle.
    private final class Exchange {
        var guarded: AddressGuard?
        /// The guard has refused an address.
        var isRefused = false
        var input: ArraySlice<UInt8> = []
        var output: [UInt8] = []
        var largestOutput = 0
        /// The last line of SMTP replies with which the server refused a command.
        var refusal: [UInt8] = []
        /// There is more output than the limit allows.
        var isCut = false
    }

    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init() throws(TransferFailure) {
        guard Self.isReady, let handle = unsafe curl_easy_init() else { throw TransferFailure(.other) }
        unsafe self.handle = unsafe handle
        unsafe message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        unsafe lyceum_curl_context(handle, CURLOPT_ERRORBUFFER, message)
        unsafe lyceum_curl_leave_look_ups(handle)
        // Signals belong to the process, and this is one of many threads.
        set(CURLOPT_NOSIGNAL, 1)
        // An empty name also switches off the proxies that environment variables name.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_NETRC, 0)
        let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
        unsafe lyceum_curl_context(handle, CURLOPT_WRITEDATA, context)
        unsafe lyceum_curl_context(handle, CURLOPT_HEADERDATA, context)
        unsafe lyceum_curl_context(handle, CURLOPT_READDATA, context)
        unsafe lyceum_curl_context(handle, CURLOPT_OPENSOCKETDATA, context)
        unsafe lyceum_curl_on_bytes(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            unsafe Curl.receive(UnsafeRawBufferPointer(start: bytes, count: size * count), Curl.exchange(context))
        }
        unsafe lyceum_curl_on_bytes(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            // libcurl says QUIT after a refusal, so the last line of all is "221".
            if let first = unsafe line.first, first == UInt8(ascii: "4") || first == UInt8(ascii: "5") {
                unsafe Curl.exchange(context).refusal = Array(line.prefix(512))
            }
            return size * count
        }
        unsafe lyceum_curl_on_bytes(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
            unsafe Curl.give(
                UnsafeMutableRawBufferPointer(start: bytes, count: size * count), Curl.exchange(context))
        }
        unsafe lyceum_curl_on_socket(handle) { context, _, peer in
            unsafe Curl.open(peer!, Curl.exchange(context))
        }
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe message.deallocate()
        while let list = unsafe lists.popLast() { unsafe curl_slist_free_all(list) }
    }

    // MARK: Options

    func set(_ option: CURLoption, _ value: Int) { unsafe lyceum_curl_number(handle, option, value) }

    /// libcurl copies the text.
    func set(_ option: CURLoption, _ value: String) { unsafe lyceum_curl_text(handle, option, value) }

    func set(_ option: CURLoption, seconds: Double) { set(option, max(1, Int(seconds * 1000))) }

    func set(_ option: CURLoption, list texts: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for text in texts { unsafe list = unsafe curl_slist_append(list, text) ?? list }
        guard let list = unsafe list else { return }
        unsafe lists.append(list)
        unsafe lyceum_curl_list(handle, option, list)
    }

    /// - Parameter names: separated by commas.
    func speak(_ names: String, mask: Int) { unsafe lyceum_curl_protocols(handle, names, mask) }

    func admit(only guarded: AddressGuard) { exchange.guarded = guarded }

    func send(_ body: [UInt8], size option: CURLoption) {
        exchange.input = body[...]
        unsafe lyceum_curl_size(handle, option, curl_off_t(body.count))
    }

    func receive(atMost count: Int) { exchange.largestOutput = count }

    // MARK: The transfer

    /// - Throws: a failure with the status of the last response.
    func perform() throws(TransferFailure) {
        let code = unsafe curl_easy_perform(handle)
        if code == CURLE_OK || code == CURLE_WRITE_ERROR && exchange.isCut { return }
        throw TransferFailure(kind(of: code), status: status == 0 ? nil : status, code: Int(code.rawValue))
    }

    /// 0 if there was no response.
    var status: Int { unsafe lyceum_curl_status(handle) }
    var retryAfter: Int? {
        let seconds = unsafe lyceum_curl_retry_after(handle)
        return seconds > 0 ? Int(seconds) : nil
    }
    var output: [UInt8] { exchange.output }
    /// The last line of SMTP replies with which the server refused a command.
    var refusal: String { String(decoding: exchange.refusal, as: UTF8.self) }
    /// Why the transfer failed, in libcurl's words.
    var reason: String { unsafe String(cString: message) }

    private func kind(of code: CURLcode) -> TransferFailure.Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: .unresolved
        case CURLE_COULDNT_CONNECT: exchange.isRefused ? .forbiddenAddress : .unreachable
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .invalidURL
        case CURLE_LOGIN_DENIED: .refused
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
            .tls
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_WEIRD_SERVER_REPLY,
            CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
            .broken
        default: .other
        }
    }

    // MARK: Callbacks

    private static func exchange(_ context: UnsafeMutableRawPointer?) -> Exchange {
        unsafe Unmanaged<Exchange>.fromOpaque(context!).takeUnretainedValue()
    }

    /// Returning less than what came ends the transfer.
    private static func receive(_ bytes: UnsafeRawBufferPointer, _ exchange: Exchange) -> Int {
        let taken = unsafe bytes.prefix(exchange.largestOutput - exchange.output.count)
        unsafe exchange.output.append(contentsOf: taken)
        if unsafe taken.count < bytes.count { exchange.isCut = true }
        return unsafe taken.count
    }

    private static func give(_ buffer: UnsafeMutableRawBufferPointer, _ exchange: Exchange) -> Int {
        let part = exchange.input.prefix(buffer.count)
        unsafe buffer.copyBytes(from: part)
        exchange.input = exchange.input.dropFirst(part.count)
        return part.count
    }

    /// libcurl then tries the next address of the host, if it has one.
    private static func open(_ peer: UnsafeMutablePointer<curl_sockaddr>, _ exchange: Exchange) -> curl_socket_t {
        if let guarded = exchange.guarded {
            var bytes = [UInt8](repeating: 0, count: 16)
            let count = unsafe lyceum_curl_address(peer, &bytes)
            guard guarded.admits(Array(bytes.prefix(Int(count)))) else {
                exchange.isRefused = true
                return CURL_SOCKET_BAD
            }
        }
        return unsafe lyceum_curl_socket(peer)
    }
}
