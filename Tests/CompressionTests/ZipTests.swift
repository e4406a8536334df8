import Testing

@testable import Compression

@Suite struct ZipTests {
    private static let files: [(name: String, content: [UInt8])] = [
        ("rooms.csv", Array("Кабинет\n101\n".utf8)), ("empty.csv", []),
    ]

    private func read(_ bytes: [UInt8], _ change: (inout ZipReader.Limits) -> Void = { _ in }) throws -> [String] {
        var limits = ZipReader.Limits()
        change(&limits)
        return try ZipReader.entries(of: bytes, limits: limits) { _ in true }.map { entry in
            switch entry.content {
            case .success(let content)?: "\(entry.name) \(content.count)"
            case .failure(let fault)?: "\(entry.name) \(fault.rawValue)"
            case nil: entry.name
            }
        }
    }

    @Test func writtenArchivesAreReadBack() throws {
        let archive = ZipWriter.archive(Self.files)
        #expect(archive == ZipWriter.archive(Self.files))
        #expect(try read(ZipWriter.archive([])) == [])
        let entries = try ZipReader.entries(of: archive) { _ in true }
        #expect(entries.map { $0.name } == ["rooms.csv", "empty.csv"])
        #expect(try entries.map { try $0.content?.get() } == Self.files.map { $0.content })
        #expect(try ZipReader.entries(of: archive) { $0 == "empty.csv" }.map { $0.content == nil } == [true, false])
    }

    @Test(arguments: [[], Array("PK".utf8), Array("Код;Фамилия\n".utf8), [UInt8](repeating: 0, count: 4096)])
    func otherFilesAreRefused(_ bytes: [UInt8]) {
        #expect(throws: ZipReader.Fault.self) { try read(bytes) }
    }

    /// A truncated archive, or one with a changed bit, is read correctly or refused, as a whole or by file; nothing
    /// else happens.
    @Test func damageIsAFault() throws {
        let archive = ZipWriter.archive([("rooms.csv", Array(String(repeating: "Кабинет\n101\n", count: 9).utf8))])
        let whole = try #require(try ZipReader.entries(of: archive, where: { _ in true }).first?.content?.get())
        for count in 0..<archive.count {
            #expect(throws: ZipReader.Fault.self) { try read(Array(archive[..<count])) }
        }
        var refused = 0
        for place in archive.indices {
            for bit in 0..<8 {
                var bytes = archive
                bytes[place] ^= 1 << bit
                do {
                    for entry in try ZipReader.entries(of: bytes, where: { _ in true }) {
                        switch entry.content {
                        case .success(let content)?: #expect(content == whole, "byte \(place), bit \(bit)")
                        case .failure?: refused += 1
                        case nil: Issue.record("byte \(place), bit \(bit) was not read")
                        }
                    }
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > archive.count)
    }

    @Test func bombsAreNotUnpacked() throws {
        let zeros = [UInt8](repeating: 0x30, count: 3 * 1024 * 1024)
        let bomb = ZipWriter.archive([("a", zeros), ("b", zeros)])
        #expect(bomb.count < 16 * 1024)
        #expect(try read(bomb) == ["a unpacks_too_large", "b unpacks_too_large"])
        #expect(try read(bomb) { $0.ratio = 2000 } == ["a \(zeros.count)", "b \(zeros.count)"])
        #expect(
            try read(bomb) { ($0.ratio, $0.file) = (2000, 1024 * 1024) } == [
                "a unpacks_too_large", "b unpacks_too_large",
            ])
        #expect(
            try read(bomb) { ($0.ratio, $0.total) = (2000, 4_000_000) } == ["a \(zeros.count)", "b unpacks_too_large"])
        #expect(throws: ZipReader.Fault.tooManyFiles) { try read(bomb) { $0.entries = 1 } }
        // The file claims to be small and is not. The size is in both headers.
        var liar = ZipWriter.archive([("a", zeros)])
        let size = withUnsafeBytes(of: UInt32(zeros.count).littleEndian) { Array($0) }
        for place in liar.indices.dropLast(3) where Array(liar[place..<place + 4]) == size {
            liar.replaceSubrange(place..<place + 4, with: [16, 0, 0, 0])
        }
        #expect(try read(liar) { ($0.ratio, $0.file) = (2000, 1024 * 1024) } != ["a 16"])
    }

    @Test func encryptedFilesAndOtherMethodsAreRefused() throws {
        let archive = ZipWriter.archive([("a", [1, 2, 3])])
        /// Sets a field in both headers. In the central header the field has an offset that is two bytes larger.
        func with(_ offset: Int, _ value: UInt8) -> [UInt8] {
            var bytes = archive
            for place in bytes.indices.dropLast(30) where bytes[place] == 0x50 && bytes[place + 1] == 0x4B {
                if bytes[place + 2] == 3 { bytes[place + offset] = value }
                if bytes[place + 2] == 1 { bytes[place + offset + 2] = value }
            }
            return bytes
        }
        #expect(try read(with(6, 1)) == ["a encrypted"])
        #expect(try read(with(8, 12)) == ["a unsupported_compression"])
    }

    @Test func namesAreUTF8OrCP866() {
        #expect(ZipName.text(of: Array("Ученики.csv".utf8)) == "Ученики.csv")
        #expect(ZipName.text(of: [0x93, 0xE7, 0xA5, 0xAD, 0xA8, 0xAA, 0xA8] + Array(".csv".utf8)) == "Ученики.csv")
        #expect(ZipName.text(of: [0xF0, 0xF1, 0xFC]) == "Ёё№")
        #expect(ZipName.text(of: Array("a\u{1B}[2J\u{202E}".utf8)) == "a\u{FFFD}[2J\u{FFFD}")
    }
}
