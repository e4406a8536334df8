import Diary
import Web

/// A report: who may read it, its parameters, what it consists of, and how it looks on paper. All forms (JSON, CSV and
/// the others) are made from this one definition, so a new report is one file and a line in `Reports.all`.
package struct Report: Sendable {
    /// The last part of its path, such as `class-register`.
    package let name: String
    package let title: Text
    /// What it tells, and whom it is for.
    package let summary: Text
    package let access: Access
    package let parameters: [ReportParameter]
    package let paper: Paper
    /// The content for these parameters; nothing has been read yet.
    let content: @Sendable (ReportInput) throws -> ReportContent

    package init(
        _ name: String, title: Text, summary: Text, access: Access, parameters: [ReportParameter],
        paper: Paper = Paper(), content: @escaping @Sendable (ReportInput) throws -> ReportContent
    ) {
        self.name = name
        self.title = title
        self.summary = summary
        self.access = access
        self.parameters = parameters
        self.paper = paper
        self.content = content
    }

    package var path: String { "/v1/reports/\(name)" }

    /// `getClassRegisterReport` for `class-register`.
    package var operation: String {
        "get" + name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Report"
    }
}

/// How a report is printed: A4.
package struct Paper: Sendable {
    package enum Orientation: String, Sendable {
        case portrait, landscape
    }

    package let orientation: Orientation
    /// Below the report: who signs it.
    package let signatures: [Text]
    /// A class of the page, for rules of its own in `Templates/reports/report.css`.
    package let layout: String

    package init(_ orientation: Orientation = .portrait, signatures: [Text] = [], layout: String = "report") {
        self.orientation = orientation
        self.signatures = signatures
        self.layout = layout
    }
}
