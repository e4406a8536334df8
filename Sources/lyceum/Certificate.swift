import DiaryServer
import Logging
import TLS
import UnixSignals

/// The server's certificate and key, and their files.
struct Certificate: Sendable {
    let files: Settings.TLSFiles

    func load() throws(CertificateError) -> ServerContext {
        let answer = "This port speaks HTTPS.\n"
        let head = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
        return try ServerContext(
            certificate: files.certificate, key: files.key,
            plainAnswer: Array((head + "Content-Length: \(answer.utf8.count)\r\n\r\n" + answer).utf8))
    }

    /// Reads the files again at each SIGHUP. Unusable files are logged, and the server keeps its present certificate.
    func reload(_ server: RunningServer, _ logger: Logger) async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            do {
                let context = try load()
                server.use(context)
                logger.notice("certificate read again", metadata: ["days_left": "\(context.daysLeft)"])
            } catch {
                logger.error("certificate kept", metadata: ["reason": "\(error)"])
            }
        }
    }
}
