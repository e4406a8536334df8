import Hummingbird
import Logging
import NIOCore
import NIOPosix

// A peer of Lyceum only for the fixed answer `GET /livez`. PORT and CORES (event loops) come from the environment.

let body = ByteBuffer(string: #"{"status":"ok"}"#)

let router = Router()
router.get("/livez") { _, _ in
    Response(
        status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
        body: .init(byteBuffer: body))
}

let port = Environment().get("PORT", as: Int.self) ?? 8080
let cores = Environment().get("CORES", as: Int.self) ?? System.coreCount
var logger = Logger(label: "hummingbird-peer")
logger.logLevel = .error
let application = Application(
    router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
    eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: cores)), logger: logger)
try await application.runService()
