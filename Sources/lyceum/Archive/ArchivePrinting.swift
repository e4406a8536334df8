import Foundation
import Postgres
import Printing

/// Prints the pages of an archive as PDF, several at a time.
struct ArchivePrinting: Sendable {
    private let printer: PDFPrinter
    private let processes: Int
    /// The largest journals take a minute.
    private static let seconds = 900.0

    enum Failure: Error, CustomStringConvertible {
        case notInstalled
        case page(String, PDFPrinter.Failure)

        var description: String {
            switch self {
            case .notInstalled:
                "There is no WeasyPrint, which makes PDF: install it (Debian: weasyprint), name a Python that has it "
                    + "(LYCEUM_REPORTS_PYTHON), or give --no-pdf for HTML instead. Nothing was written."
            case .page(let name, let reason): "\(name) can't be printed: \(reason). Nothing was written."
            }
        }
    }

    /// - Parameter processes: at a time.
    init(python: String, script: String, processes: Int) throws {
        var configuration = PDFPrinter.Configuration(python: python, script: script)
        configuration.processes = processes
        configuration.waiting = processes
        printer = try PDFPrinter(configuration)
        self.processes = processes
    }

    /// - Returns: the version of WeasyPrint.
    func version() async throws -> String {
        do {
            return try await printer.version()
        } catch is PDFPrinter.Failure {
            throw Failure.notInstalled
        }
    }

    /// - Parameters:
    ///   - pages: paths without an extension.
    ///   - isDone: called behind each page.
    func print(_ pages: [String], in directory: String, isDone: (_ page: String) throws -> Void) async throws {
        try await withThrowingTaskGroup(of: String.self) { group in
            var rest = pages[...]
            for page in rest.prefix(processes) { group.addTask { try await print(page, in: directory) } }
            rest = rest.dropFirst(processes)
            while let page = try await group.next() {
                try isDone(page)
                if let next = rest.popFirst() { group.addTask { try await print(next, in: directory) } }
            }
        }
    }

    private func print(_ page: String, in directory: String) async throws -> String {
        let path = "\(directory)/\(page)"
        guard let html = FileManager.default.contents(atPath: path + ".html") else {
            throw ArchiveFiles.Failure.cannotWrite(path + ".html")
        }
        do {
            let pdf = try await printer.pdf(Array(html), seconds: Self.seconds)
            let isWritten = FileManager.default.createFile(
                atPath: path + ".pdf", contents: Data(pdf), attributes: [.posixPermissions: 0o600])
            guard isWritten else { throw ArchiveFiles.Failure.cannotWrite(path + ".pdf") }
            try FileManager.default.removeItem(atPath: path + ".html")
        } catch let failure as PDFPrinter.Failure {
            throw Failure.page(page, failure)
        }
        return page
    }
}
