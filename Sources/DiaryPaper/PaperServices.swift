import Diary
import Printing
import Reactor
import Synchronization
import Web

/// What the reports of all cores are made with. Pages, workbooks and PDF are made beside the cores, a few at a time.
package final class PaperServices: Sendable {
    /// How long a PDF may take, and whose processes make it.
    enum Haste {
        /// For a request: somebody waits.
        case now
        /// For a job.
        case later
    }

    let html: HTMLForm
    /// Makes pages and workbooks.
    package let rendering: Offload
    private let printer: PDFPrinter
    private let seconds: Double
    /// Long PDF of jobs leave those of requests their processes.
    private let jobPrinter: PDFPrinter
    /// How many PDF are made for each owner of requests. A request whose client has gone is printed to its end, so nobody
    /// may fill the queue alone.
    private let printing = Mutex<[String: Int]>([:])
    private static let largestShare = 2

    /// - Parameter seconds: how long the PDF of a request may take.
    package init(html: HTMLForm, pdf: PDFPrinter.Configuration, seconds: Double = 20) throws {
        self.html = html
        self.seconds = seconds
        rendering = try Offload(name: "paper", threads: 1, limit: 32, niceness: 5)
        printer = try PDFPrinter(pdf)
        var configuration = pdf
        configuration.processes = 1
        configuration.waiting = 1
        jobPrinter = try PDFPrinter(configuration)
    }

    /// The version of WeasyPrint; nil if there is none.
    package func weasyPrint() async -> String? { try? await printer.version() }

    /// A report that has been read, in the form of the order.
    func bytes(_ order: ReportOrder, _ reading: ReportReading, _ haste: Haste) async throws -> [UInt8] {
        if order.form == .json { return try reading.answer.tagged(reading.results).body }
        let document = try ReportDocument(reading)
        let html = html
        switch order.form {
        case .json: preconditionFailure("written above")
        case .csv: return CSVForm(hasByteOrderMark: order.hasByteOrderMark).bytes(document.table(order.table))
        case .xlsx: return try await rendering.run { try XLSXForm.bytes(document) }
        case .html: return try await rendering.run { Array(html.page(document).utf8) }
        case .pdf:
            let page = try await rendering.run { Array(html.page(document).utf8) }
            return try await pdf(page, haste, order.input.caller.owner)
        }
    }

    /// A PDF of a page that has its style inside, for a request of this owner (`Caller.owner`).
    package func pdf(_ page: [UInt8], for owner: String) async throws -> [UInt8] { try await pdf(page, .now, owner) }

    private func pdf(_ page: [UInt8], _ haste: Haste, _ owner: String) async throws -> [UInt8] {
        guard haste == .later || begin(owner) else { throw Problem(.overloaded, headers: [("Retry-After", "5")]) }
        defer { if haste == .now { end(owner) } }
        do {
            switch haste {
            case .now: return try await printer.pdf(page, seconds: seconds)
            case .later: return try await jobPrinter.pdf(page, seconds: 110)
            }
        } catch PDFPrinter.Failure.notInstalled {
            throw Problem(.pdfNotAvailable)
        } catch PDFPrinter.Failure.busy {
            throw Problem(.overloaded, headers: [("Retry-After", "5")])
        } catch PDFPrinter.Failure.tookTooLong {
            throw Problem(.reportTakesLong, headers: [("Retry-After", "60")])
        } catch PDFPrinter.Failure.tooLarge {
            throw Problem(.reportTooLarge)
        }
    }

    private func begin(_ owner: String) -> Bool {
        printing.withLock { printing in
            guard printing[owner, default: 0] < Self.largestShare else { return false }
            printing[owner, default: 0] += 1
            return true
        }
    }

    private func end(_ owner: String) {
        printing.withLock { printing in
            printing[owner, default: 1] -= 1
            if printing[owner] == 0 { printing[owner] = nil }
        }
    }
}
