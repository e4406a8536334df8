extension String {
    /// 16 lower-case digits.
    init(hexadecimal value: UInt64) {
        let digits = InlineArray<16, UInt8> { index in
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * index)) & 0xF
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
        }
        // ASCII is UTF-8.
        self.init(copying: UTF8Span(unchecked: digits.span))
    }
}
