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
