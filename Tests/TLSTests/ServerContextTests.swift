import TLS
import Testing

@Suite(.serialized) struct ServerContextTests {
    let files = Certificates(days: 10)

    private func problem(_ certificate: String, _ key: String) -> CertificateError? {
        #expect(throws: CertificateError.self) { _ = try ServerContext(certificate: certificate, key: key) }
    }

    @Test func saysHowLongItLasts() throws {
        #expect(try [9, 10].contains(ServerContext(certificate: files.certificate, key: files.key).daysLeft))
        files.run(
            """
            openssl req -new -key \(files.key) -subj /CN=old -out \(files.path("csr")) && openssl x509 -req -days -1 \
            -in \(files.path("csr")) -signkey \(files.key) -out \(files.path("old")) 2>/dev/null
            """)
        #expect(try ServerContext(certificate: files.path("old"), key: files.key).daysLeft < 0)
    }

    @Test func missingFilesAreNamed() {
        #expect(
            problem("/nowhere.pem", files.key)?.description == "/nowhere.pem can't be read: No such file or directory")
        #expect(problem(files.certificate, "/nowhere")?.path == "/nowhere")
    }

    @Test func filesWithoutCertificateOrKeyAreNamed() {
        files.run("echo nothing > \(files.path("empty"))")
        let empty = files.path("empty")
        #expect(problem(empty, files.key)?.description.hasPrefix("\(empty) holds no usable certificate") == true)
        #expect(problem(files.certificate, empty)?.description.hasPrefix("\(empty) holds no private key") == true)
        #expect(problem(files.key, files.key)?.path == files.key)
        #expect(problem(files.certificate, files.certificate)?.path == files.certificate)
    }

    @Test func keyOfAnotherCertificateIsRefused() {
        let other = Certificates()
        let error = problem(files.certificate, other.key)
        #expect(error?.description == "\(other.key) is not the key of the certificate \(files.certificate)")
        other.run("openssl genrsa -out \(other.path("rsa")) 2048 2>/dev/null")
        #expect(problem(files.certificate, other.path("rsa"))?.path == other.path("rsa"))
    }

    @Test func encryptedKeyIsRefusedWithoutAsking() {
        files.run(
            "openssl ec -in \(files.key) -aes128 -passout pass:secret -out \(files.path("encrypted")) 2>/dev/null")
        let error = problem(files.certificate, files.path("encrypted"))
        #expect(error?.description.contains("without a password") == true)
    }

    @Test func chainIsSent() async throws {
        files.run(
            """
            cd \(files.directory) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3 \
            -subj /CN=root -keyout root.key -out root.pem 2>/dev/null && \
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=leaf -keyout leaf.key \
            -out leaf.csr 2>/dev/null && \
            openssl x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 3 -out leaf.pem \
            2>/dev/null && cat leaf.pem root.pem > chain.pem && cp chain.pem certificate.pem && cp leaf.key key.pem
            """)
        let server = try await SecureServer(files)
        let client = try await TLSClient.connect(server.port)
        #expect(client.serverName == "leaf")
        #expect(client.chainLength == 2)
    }
}
