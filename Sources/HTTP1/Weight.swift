/// The weight of a preference (RFC 9110 section 12.4.2).
enum Weight {
    /// Reads `q=` with a number from 0 to 1 and up to three decimals. Returns thousandths, nil for anything else.
    static func thousandths(_ parameter: ArraySlice<UInt8>) -> Int? {
        let start = parameter.startIndex
        guard (3...7).contains(parameter.count), Bytes.lowercased(parameter[start]) == 0x71,
            parameter[start + 1] == Bytes.equals, parameter[start + 2] == 0x30 || parameter[start + 2] == 0x31
        else { return nil }
        var weight = Int(parameter[start + 2] - 0x30) * 1000
        guard parameter.count > 3 else { return weight }
        guard parameter[start + 3] == 0x2E else { return nil }
        var unit = 100
        for byte in parameter[(start + 4)...] {
            guard Bytes.isDigit(byte) else { return nil }
            weight += Int(byte - 0x30) * unit
            unit /= 10
        }
        return weight <= 1000 ? weight : nil
    }
}
