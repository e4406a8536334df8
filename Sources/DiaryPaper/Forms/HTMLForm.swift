import Crypto
import Diary
import HTTP1
import Markup
import Web

/// A report as an HTML page for printing. It needs nothing from elsewhere: no scripts, fonts or images.
package struct HTMLForm: Sendable {
    private let template: Template
    private let style: String
    /// The style sheet as a source of Content-Security-Policy.
    private let styleSource: String

    /// - Parameters:
    ///   - page: the text of `Templates/reports/report.mustache`.
    ///   - style: the text of `Templates/reports/report.css`.
    package init(page: String, style: String) throws {
        template = try Template(page, name: "Templates/reports/report.mustache")
        self.style = style
        styleSource = "'sha256-\(Base64.standard.encode(try SHA256.hash(Array(style.utf8))))='"
    }

    /// The policy of an answer with a page.
    var contentSecurityPolicy: String { "default-src 'none'; style-src \(styleSource)" }

    func page(_ document: ReportDocument) -> String { page([document], title: document.title) }

    /// Reports of one kind as one page; each begins on a new sheet.
    func page(_ documents: [ReportDocument], title: String) -> String {
        guard let first = documents.first else { preconditionFailure("no report") }
        let words = Words(first.language)
        return template.render([
            "style": style, "language": first.language.rawValue, "title": title,
            "orientation": first.orientation.rawValue, "layout": first.layout,
            "printed": words.printed + " " + words.moment(first.printed), "page": words.page, "of": words.of,
            "documents": documents.map { values($0) },
        ])
    }

    private func values(_ document: ReportDocument) -> [String: Any] {
        let words = Words(document.language)
        // The text of an order stands above the students.
        let isLetter = document.layout == "order"
        return [
            "title": document.title, "school": document.school, "charts": document.charts,
            "facts": document.facts.map { ["label": $0.label, "value": words.text($0.value)] },
            "tables": document.tables.compactMap { $0.onPaper }.map { table($0, document.orientation, words) },
            "lead": isLetter ? document.notes : [], "notes": isLetter ? [] : document.notes,
            "signatures": document.signatures, "date": words.date,
        ]
    }

    private func table(
        _ table: DocumentTable, _ orientation: Paper.Orientation, _ words: Words
    ) -> [String: Any] {
        let isGrouped = table.columns.contains { $0.group != nil }
        let widths = Widths(table, page: orientation == .landscape ? 277 : 183, words: words)
        let heads = Heads(table, widths)
        var values: [String: Any] = [
            "name": table.name, "empty": table.rows.isEmpty, "none": words.none,
            "columns": table.columns.indices.map { ["share": widths.share($0)] },
            "heads": isGrouped ? heads.upper : heads.all,
            "rows": table.rows.enumerated().map { index, row in
                [
                    "total": table.hasTotal && index == table.rows.count - 1,
                    "cells": zip(row, table.columns).map { cell, column in
                        Self.cell(words.text(cell), column, isUpright: column.isAcross && widths.areCellsUpright)
                    },
                ] as [String: Any]
            },
        ]
        if isGrouped {
            values["subheads"] = heads.lower
        }
        // Not "title": a table without one would take that of the page.
        values["heading"] = table.title
        return values
    }

    private static func cell(_ text: String, _ column: DocumentColumn, isUpright: Bool) -> [String: Any] {
        guard isUpright else { return ["class": column.style, "text": text] }
        // In pixels.
        return ["class": column.style + " upright", "upright": text, "height": 8 + 5 * text.count]
    }
}

extension DocumentTable {
    /// Without optional columns that are empty; nil for a table that is not on paper.
    fileprivate var onPaper: DocumentTable? {
        guard !isLeftOut else { return nil }
        let shown = columns.indices.filter { column in
            !columns[column].isOptional || rows.contains { $0[column] != .empty }
        }
        guard shown.count < columns.count else { return self }
        var table = self
        table.columns = shown.map { columns[$0] }
        table.rows = rows.map { row in shown.map { row[$0] } }
        return table
    }
}

extension DocumentColumn {
    /// The classes of its cells.
    var style: String {
        let kind =
            switch self.kind {
            case .text, .blank, .person, .shortPerson: "text"
            case .integer, .decimal, .percent, .number: "number"
            case .date, .moment, .mark, .flag: "middle"
            }
        return isAcross ? kind + " across" : kind
    }
}
