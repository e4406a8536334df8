import Foundation
import TestSupport
import Testing

@testable import DiaryExchange

/// docs/imports.md lists exactly the columns of the code.
@Suite struct ImportColumnTests {
    @Test func everyColumnIsDocumented() throws {
        let text = try String(contentsOfFile: TestDatabase.repository + "/docs/imports.md", encoding: .utf8)
        let lines = text.split(separator: "\n")
        for kind in ImportKind.allCases {
            for column in kind.columns {
                #expect(
                    lines.contains {
                        $0.contains("| `\(column.name)`")
                            && $0.contains("| \(column.russian.joined(separator: ", ")) |")
                    }, "\(kind) \(column.name)")
            }
        }
    }

    /// Spreadsheets leave no-break spaces, which are as invisible in a list of ids as around a cell.
    @Test func idsInACellAreTrimmed() {
        let file = ImportFile(
            .guardians, Array("Код;Фамилия;Имя;Дети\ng1;А;Б;\u{A0}p1 ,\u{A0}p2\u{A0}\n".utf8), newID: { "0" })
        #expect(file.faults.isEmpty, "\(file.faults)")
        #expect(
            file.rows.contains(#""external_id":"p1""#) && file.rows.contains(#""external_id":"p2""#), "\(file.rows)")
    }

    /// Each header cell matches at most one column.
    @Test func namesBelongToOneColumn() {
        for kind in ImportKind.allCases {
            for column in kind.columns {
                for name in [column.name] + column.russian {
                    #expect(kind.columns.filter { $0.isNamed(name) }.count == 1, "\(kind) \(name)")
                }
            }
        }
    }

    @Test(arguments: ["Фамилия", "ФАМИЛИЯ", " last name ", "last_name", "Last-Name"])
    func headersAreReadLoosely(_ header: String) {
        #expect(ImportKind.staff.columns.first { $0.isNamed(header) }?.name == "last_name")
    }
}
