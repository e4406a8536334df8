import Glibc
import HTTP1
import TestTools
import Testing

@testable import Transfer

/// Certificates of HTTPS servers: only those of trusted authorities, for the right name.
@Suite struct CertificateTests {
    @Test func certificateIsVerified() async throws {
        var template = Array("/tmp/lyceum-transfer.XXXXXX".utf8CString)
        let directory = String(cString: mkdtemp(&template))
        defer { run("rm -r \(directory)") }
        run(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=receiver \
            -addext subjectAltName=IP:127.0.0.1 -keyout \(directory)/key.pem -out \(directory)/certificate.pem 2>/dev/null
            """)
        let port = try Receiver().port
        // The server ends with the third connection.
        run(
            """
            timeout 60 openssl s_server -accept 127.0.0.1:\(port) -cert \(directory)/certificate.pem \
            -key \(directory)/key.pem -www -naccept 3 >/dev/null 2>&1 &
            """)
        var configuration = Transfer.Configuration()
        configuration.allowedNetworks = [.init("127.0.0.0/8")!]
        let strict = try Transfer(configuration)
        configuration.authorities = "\(directory)/certificate.pem"
        let trusting = try Transfer(configuration)
        let request = OutgoingRequest("GET", "https://127.0.0.1:\(port)/")
        #expect(await eventually { (try? await trusting.send(request))?.status == 200 })
        await #expect(throws: TransferFailure(.tls, code: 60)) { try await strict.send(request) }
        // The certificate is for the address alone.
        let named = OutgoingRequest("GET", "https://localhost:\(port)/")
        await #expect(throws: TransferFailure(.tls, code: 60)) { try await trusting.send(named) }
    }

    private func run(_ command: String) { #expect(system(command) == 0, "\(command)") }
}
