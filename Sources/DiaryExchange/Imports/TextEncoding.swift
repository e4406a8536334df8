/// The encoding of a file: UTF-8, or windows-1251, which Russian spreadsheets still write.
enum TextEncoding {
    /// The text in UTF-8 without a byte order mark; nil when the file has neither encoding or is damaged.
    static func utf8(from bytes: [UInt8]) -> [UInt8]? {
        let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        let content = hasMark ? Array(bytes.dropFirst(3)) : bytes
        if String(validating: content, as: UTF8.self) != nil { return content }
        guard !hasMark, !isUTF16(bytes), !isDamagedUTF8(bytes) else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            guard byte >= 0x80 else {
                output.append(byte)
                continue
            }
            guard let scalar = windows1251[Int(byte - 0x80)] else { return nil }
            output.append(contentsOf: UTF8.encode(scalar)!)
        }
        return output
    }

    private static func isUTF16(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
    }

    /// In text of windows-1251 hardly any letter is valid UTF-8; in truncated or joined UTF-8 almost all are. Read as
    /// windows-1251, damaged UTF-8 would give meaningless names.
    private static func isDamagedUTF8(_ bytes: [UInt8]) -> Bool {
        var balance = 0
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars where !scalar.isASCII {
            balance += scalar == "\u{FFFD}" ? -1 : 1
        }
        return balance > 0
    }

    /// 0x80 to 0xFF. 0x98 is no character; U+0000 takes its place here.
    private static let windows1251: [Unicode.Scalar?] = """
        ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u{0}™љ›њќћџ\
        \u{A0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{AD}®Ї°±Ііґµ¶·ё№є»јЅѕї\
        АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
        абвгдежзийклмнопрстуфхцчшщъыьэюя
        """.unicodeScalars.map { $0 == "\u{0}" ? nil : $0 }
}
