import FoundationEssentials
import TestSupport
import Testing

@testable import Postgres

/// Each setting of the transaction is declared once, by a `Setting`.
@Suite struct SettingTests {
    private static let school = Setting("school_id", .int)
    private static let reader = Setting("section_reader", .text)

    @Test func sqlOfATypedSetting() {
        #expect(Self.school.value == "nullif(current_setting('lyceum.school_id', true), '')::int")
        #expect(Self.school.required == "current_setting('lyceum.school_id')::int")
        #expect(Self.school.set(to: "s.id") == "set_config('lyceum.school_id', s.id::text, true)")
        #expect(Self.school.set(text: "$1") == "set_config('lyceum.school_id', $1, true)")
        #expect(Setting("lessons", .uuids).value == "nullif(current_setting('lyceum.lessons', true), '')::uuid[]")
    }

    @Test func textHasNoCast() {
        #expect(Self.reader.value == "nullif(current_setting('lyceum.section_reader', true), '')")
        #expect(Self.reader.required == "current_setting('lyceum.section_reader')")
        #expect(Self.reader.text == "current_setting('lyceum.section_reader', true)")
        #expect(Self.reader.set(to: "'own'") == "set_config('lyceum.section_reader', 'own', true)")
    }

    /// A setting spelled out in SQL would have no type, and its name could differ between statements.
    @Test func noStatementSpellsOutASetting() throws {
        let calls = /(current_setting|set_config)\(\s*'lyceum\./
        for (path, source) in try Self.sources() where !Self.spells(path) {
            #expect(source.firstMatch(of: calls) == nil, "\(path) spells a setting: use a constant of type Setting")
        }
    }

    /// Two constants with the same name could have two types, or two meanings in one transaction.
    @Test func aSettingHasOneConstant() throws {
        let constants = /Setting\(\s*"([a-z_]+)",/
        var files: [Substring: [String]] = [:]
        for (path, source) in try Self.sources() {
            for match in source.matches(of: constants) { files[match.1, default: []].append(path) }
        }
        #expect(files.count > 20)
        for (name, paths) in files { #expect(paths.count == 1, "\(name) is declared in \(paths)") }
    }

    /// Whether the file declares the type itself.
    private static func spells(_ path: String) -> Bool {
        path.hasSuffix("/Postgres/Setting.swift")
    }

    /// The text of each Swift file in Sources, with its path.
    private static func sources() throws -> [(path: String, text: String)] {
        let root = TestDatabase.repository + "/Sources"
        let files = FileManager.default
        let paths = try files.subpathsOfDirectory(atPath: root).filter { $0.hasSuffix(".swift") }
        try #require(paths.count > 200)
        return try paths.map { ("\(root)/\($0)", try String(contentsOfFile: "\(root)/\($0)", encoding: .utf8)) }
    }
}
