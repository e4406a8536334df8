import Diary

/// The forms in which codes are shown: JSON, and slips on paper.
enum CodeForm: String, AnswerForm {
    case json, html, pdf

    var mediaType: String {
        switch self {
        case .json: "application/json"
        case .html: "text/html"
        case .pdf: "application/pdf"
        }
    }

    var contentType: String { self == .html ? "text/html; charset=utf-8" : mediaType }
}
