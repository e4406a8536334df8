import Glibc
import Printing
import Reactor
import TestSupport
import TestTools
import Testing

@Suite struct PDFPrinterTests {
    private static let printer = try! PDFPrinter(configuration())

    private static func configuration(
        _ change: (inout PDFPrinter.Configuration) -> Void = { _ in }
    ) -> PDFPrinter.Configuration {
        var configuration = PDFPrinter.Configuration(script: TestDatabase.repository + "/Templates/print.py")
        change(&configuration)
        return configuration
    }

    private func page(_ body: String) -> [UInt8] {
        Array(
            """
            <html lang="ru"><head><title>Лист</title><style>@page { size: A4; @bottom-center {
            content: "страница " counter(page) " из " counter(pages); } }</style></head><body>\(body)</body></html>
            """.utf8)
    }

    private func text(of pdf: [UInt8]) throws -> String {
        try Python.program("/usr/bin/pdftotext", ["-layout", "-", "-"], input: pdf)
    }

    @Test func cyrillicAndThePagesAreThere() async throws {
        let rows = (1...100).map { "<p>Ёжиков Щавель № \($0)</p>" }.joined()
        let pdf = try await Self.printer.pdf(page(rows), seconds: 60)
        let text = try text(of: pdf)
        #expect(text.contains("Ёжиков Щавель № 100"))
        let info = try Python.program("/usr/bin/pdfinfo", ["-"], input: pdf)
        let pages = try #require(
            info.split(separator: "\n").first { $0.hasPrefix("Pages:") }?.split(separator: " ").last)
        #expect(text.contains("страница \(pages) из \(pages)"))
        #expect(info.contains("A4") && info.contains("Лист"))
    }

    @Test func theSameHTMLGivesTheSameBytes() async throws {
        let html = page("<p>Одно и то же</p><b>жирным</b>")
        let first = try await Self.printer.pdf(html, seconds: 60)
        #expect(try await Self.printer.pdf(html, seconds: 60) == first)
    }

    /// Markup that somebody got past the escaping still reads no file and no address.
    @Test func theHTMLReadsNoFileAndNoAddress() async throws {
        let secret = "/tmp/lyceum-secret-\(getpid()).txt"
        let file = try #require(fopen(secret, "w"))
        fputs("тайна", file)
        fclose(file)
        defer { unlink(secret) }
        let receiver = try Listening()
        let ways = ["file://\(secret)", "http://127.0.0.1:\(receiver.port)/x", secret].flatMap { address in
            [
                "<img src=\"\(address)\">", "<link rel=attachment href=\"\(address)\">",
                "<a rel=attachment href=\"\(address)\">a</a>", "<object data=\"\(address)\"></object>",
                "<embed src=\"\(address)\">", "<link rel=stylesheet href=\"\(address)\">",
                "<style>@import url(\(address)); p { background: url(\(address)) }</style>",
                "<style>@font-face { font-family: x; src: url(\(address)) } b { font-family: x }</style>",
                "<svg><image href=\"\(address)\" width=9 height=9 /><use href=\"\(address)#a\"/></svg>",
                "<iframe src=\"\(address)\"></iframe>",
            ]
        }
        let pdf = try await Self.printer.pdf(page("<p>Урок <b>1</b></p>" + ways.joined()), seconds: 60)
        #expect(try text(of: pdf).contains("Урок 1"))
        #expect(try !text(of: pdf).contains("тайна"))
        #expect(try Python.run(Self.attachments, input: pdf) == "0\n")
        #expect(!receiver.wasCalled)
    }

    private static let attachments = """
        import sys, subprocess, tempfile
        with tempfile.NamedTemporaryFile() as file:
            file.write(sys.stdin.buffer.read())
            file.flush()
            print(subprocess.run(["pdfdetach", "-list", file.name], capture_output=True, text=True).stdout.split()[0])
        """

    @Test func withoutWeasyPrintThereIsNoPDF() async throws {
        // -s keeps the user's packages away, and this directory has none.
        for python in ["", "/nowhere/python3"] {
            let printer = try PDFPrinter(Self.configuration { $0.python = python })
            await #expect(throws: PDFPrinter.Failure.notInstalled) { try await printer.pdf([], seconds: 9) }
        }
        // A Python that ends as print.py does without WeasyPrint.
        let printer = try PDFPrinter(Self.configuration { $0.script = "/tmp/lyceum-no-weasyprint-\(getpid()).py" })
        let script = "/tmp/lyceum-no-weasyprint-\(getpid()).py"
        let file = try #require(fopen(script, "w"))
        fputs("import sys\nsys.exit(3)\n", file)
        fclose(file)
        defer { unlink(script) }
        await #expect(throws: PDFPrinter.Failure.notInstalled) { try await printer.pdf([], seconds: 9) }
        #expect(try await Self.printer.version().first?.isNumber == true)
    }

    @Test func timeAndMemoryAreLimited() async throws {
        let long = page((1...20_000).map { "<table><tr><td>\($0)</table>" }.joined())
        await #expect(throws: PDFPrinter.Failure.tookTooLong) { try await Self.printer.pdf(long, seconds: 1) }
        let small = try PDFPrinter(Self.configuration { $0.memory = 150 << 20 })
        let large = page("<table>" + (1...3_000).map { "<tr><td>\($0)" }.joined() + "</table>")
        await #expect(throws: PDFPrinter.Failure.tooLarge) { try await small.pdf(large, seconds: 300) }
    }

    @Test func onlySoManyWait() async throws {
        let printer = try PDFPrinter(
            Self.configuration {
                $0.processes = 1
                $0.waiting = 1
            })
        let outcomes = await withTaskGroup(of: Result<Int, any Error>.self) { group in
            for _ in 1...6 {
                group.addTask {
                    do { return .success(try await printer.pdf(Array("<p>1".utf8), seconds: 60).count) } catch {
                        return .failure(error)
                    }
                }
            }
            var all: [Result<Int, any Error>] = []
            for await one in group { all.append(one) }
            return all
        }
        let refused = outcomes.filter { if case .failure(PDFPrinter.Failure.busy) = $0 { true } else { false } }
        // One runs, one waits; whichever order they came in, four find the queue full.
        #expect(refused.count >= 3 && outcomes.count - refused.count >= 1)
        #expect(outcomes.allSatisfy { if case .success(let size) = $0 { size > 500 } else { true } })
    }
}

/// A port on which nobody is expected to call.
private final class Listening {
    private let descriptor: Int32
    let port: Int

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }

    /// Whether a connection waits to be accepted.
    var wasCalled: Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) > 0
    }
}
