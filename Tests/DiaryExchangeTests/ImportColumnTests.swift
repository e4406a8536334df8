import Foundation
import TestSupport
import Testing

@testable import DiaryExchange

/// The columns of the code are those of docs/imports.md.
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

    /// No header cell names two columns.
    @Test func namesAreOfOneColumn() {
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
