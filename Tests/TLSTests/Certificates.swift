import Glibc
import Testing

/// Certificates for 127.0.0.1 in a temporary directory, made by the openssl command and removed with the last
/// reference.
final class Certificates: Sendable {
    let directory: String
    var certificate: String { directory + "/certificate.pem" }
    var key: String { directory + "/key.pem" }

    /// For tests that need no particular certificate.
    static let shared = Certificates()

    init(name: String = "lyceum.test", days: Int = 30) {
        var template = Array("/tmp/lyceum-tls.XXXXXX".utf8CString)
        directory = String(cString: mkdtemp(&template))
        make(name: name, days: days)
    }

    deinit { run("rm -r \(directory)") }

    /// Replaces the certificate with a new one.
    func make(name: String, days: Int = 30) {
        run(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days \(days) -subj /CN=\(name) \
            -addext subjectAltName=IP:127.0.0.1 -keyout \(key).new -out \(certificate).new 2>/dev/null && \
            mv \(key).new \(key) && mv \(certificate).new \(certificate)
            """)
    }

    func path(_ name: String) -> String { directory + "/" + name }

    func run(_ command: String) {
        #expect(system(command) == 0, "\(command)")
    }
}
