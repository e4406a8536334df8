import DiaryExchange
import HTTP1
import Web

/// The faults of an import's files, for people and for programs.
struct ImportFaultReport {
    let refusal: ImportRefusal
    /// The path as given on the command line.
    let path: String

    /// A line for each fault, and one for the number of unlisted faults.
    var lines: [String] {
        refusal.faults.map { line($0) } + (refusal.untold > 0 ? ["… and \(refusal.untold) more."] : [])
            + [
                refusal.isShrinking
                    ? "Nothing was changed. Add --force if the file is complete, --partial if it holds only some of the records."
                    : "Nothing was changed."
            ]
    }

    private func line(_ fault: ImportFault) -> String {
        let place = [path, fault.file, fault.row == 0 ? nil : "row \(fault.row), \(column(fault))"]
        return place.compactMap { $0 }.joined(separator: ": ") + ": \(fault.detail.english) (\(fault.code))"
    }

    private func column(_ fault: ImportFault) -> String {
        guard let header = fault.header, header != fault.column else { return "column \(fault.column)" }
        return "column \(header) (\(fault.column))"
    }

    /// The API's problem, with the place of each fault in separate members.
    var document: some Encodable { Document(self) }

    private struct Document: Encodable {
        let type: String
        let title: String
        let status: Int
        let code: String
        let detail: String
        let count: Int
        let errors: [Fault]

        init(_ report: ImportFaultReport) {
            let kind = report.refusal.kind
            type = "/problems/\(kind.code)"
            title = kind.title.english
            status = kind.status.code
            code = kind.code
            detail = (report.refusal.explanation ?? kind.detail).english
            count = report.refusal.count
            errors = report.refusal.faults.map { Fault($0, path: report.path) }
        }
    }

    private struct Fault: Encodable {
        let pointer: String
        let code: String
        let detail: String
        /// In an archive, the file's name there.
        let file: String
        let row: Int?
        let column: String?
        let header: String?

        init(_ fault: ImportFault, path: String) {
            pointer = fault.pointer
            code = fault.code
            detail = fault.detail.english
            file = fault.file ?? path
            row = fault.row == 0 ? nil : fault.row
            column = fault.row == 0 ? nil : fault.column
            header = fault.header
        }
    }
}
