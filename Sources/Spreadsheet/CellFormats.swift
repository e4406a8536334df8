import CXlsxWriter

/// The formats of a workbook, each made when it is first needed: a workbook may have 64,000, and each costs memory.
@safe struct CellFormats {
    struct Key: Hashable {
        enum Content: Hashable {
            case text, integer, date, moment, link
            case decimal(digits: Int)
            case percentage(digits: Int)
        }

        var style: Row.Style
        var content: Content
        var isUpright = false
        var isCentred = false
    }

    private let workbook: UnsafeMutablePointer<lxw_workbook>
    private var made: [Key: UnsafeMutablePointer<lxw_format>] = unsafe [:]

    init(_ workbook: UnsafeMutablePointer<lxw_workbook>) { unsafe self.workbook = unsafe workbook }

    mutating func format(_ key: Key) -> UnsafeMutablePointer<lxw_format>? {
        if let format = unsafe made[key] { return unsafe format }
        guard let format = unsafe workbook_add_format(workbook) else { return nil }
        unsafe made[key] = unsafe format
        unsafe set(format, key)
        return unsafe format
    }

    private func set(_ format: UnsafeMutablePointer<lxw_format>, _ key: Key) {
        switch key.style {
        case .title:
            unsafe format_set_bold(format)
            unsafe format_set_font_size(format, 14)
        case .plain: break
        case .head:
            unsafe format_set_bold(format)
            unsafe format_set_bg_color(format, 0xEEEEEE)
            unsafe format_set_align(format, UInt8(LXW_ALIGN_CENTER.rawValue))
        case .body: break
        case .total: unsafe format_set_bold(format)
        }
        let isInTable = key.style != .title && key.style != .plain
        if isInTable {
            unsafe format_set_border(format, UInt8(LXW_BORDER_THIN.rawValue))
            // Upright text would be wrapped after each letter.
            if !key.isUpright { unsafe format_set_text_wrap(format) }
            let vertical = key.style == .head ? LXW_ALIGN_VERTICAL_CENTER : LXW_ALIGN_VERTICAL_TOP
            unsafe format_set_align(format, UInt8(vertical.rawValue))
        }
        if key.isUpright { unsafe format_set_rotation(format, 90) }
        if key.isCentred { unsafe format_set_align(format, UInt8(LXW_ALIGN_CENTER.rawValue)) }
        switch key.content {
        case .text: break
        case .integer: unsafe format_set_num_format(format, "0")
        case .decimal(let digits): unsafe format_set_num_format(format, Self.pattern(digits))
        case .percentage(let digits): unsafe format_set_num_format(format, Self.pattern(digits) + "%")
        case .date: unsafe format_set_num_format(format, "dd\\.mm\\.yyyy")
        case .moment: unsafe format_set_num_format(format, "dd\\.mm\\.yyyy hh:mm")
        case .link:
            unsafe format_set_font_color(format, 0x0563C1)
            unsafe format_set_underline(format, UInt8(LXW_UNDERLINE_SINGLE.rawValue))
        }
    }

    private static func pattern(_ digits: Int) -> String {
        digits > 0 ? "0." + String(repeating: "0", count: min(digits, 15)) : "0"
    }
}
