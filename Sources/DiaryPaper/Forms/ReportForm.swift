import Diary
import Spreadsheet

/// The forms in which every report can be had.
package enum ReportForm: String, AnswerForm, Sendable {
    case json, csv, xlsx, html, pdf

    package var mediaType: String {
        switch self {
        case .json: "application/json"
        case .csv: "text/csv"
        case .xlsx: Workbook.mediaType
        case .html: "text/html"
        case .pdf: "application/pdf"
        }
    }

    /// With its parameters.
    var contentType: String {
        switch self {
        case .csv: "text/csv; charset=utf-8; header=present"
        case .html: "text/html; charset=utf-8"
        case .json, .xlsx, .pdf: mediaType
        }
    }
}
