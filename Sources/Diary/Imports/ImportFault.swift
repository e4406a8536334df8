import Web

/// What is wrong in a file, and where.
package struct ImportFault: Sendable, Equatable {
    /// As a spreadsheet counts, the header is 1.
    package let row: Int
    /// The field's name, or what the header calls it; a number where there is no name yet.
    package let column: String
    package let code: String
    package let detail: Text

    /// - Parameter argument: what the sentence names.
    init(row: Int, column: String, _ code: String, _ argument: String = "") {
        self.row = row
        self.column = column
        self.code = code
        detail = Self.text(code, argument)
    }

    init(_ fault: CSVTable.Fault) {
        self.init(row: fault.row, column: String(fault.column), fault.reason.rawValue)
    }

    private static func text(_ code: String, _ argument: String) -> Text {
        switch code {
        case "bad_encoding":
            Text(
                ru: "Файл не в UTF-8 и не в windows-1251, или повреждён.",
                en: "The file is neither UTF-8 nor windows-1251, or it is damaged.")
        case "null_character": Text(ru: "Нулевой символ.", en: "A null character.")
        case "stray_quote":
            Text(
                ru: "Кавычка вне кавычек: ячейку с кавычками заключают в кавычки, а кавычку внутри удваивают.",
                en: "A stray quote: a cell with quotes is quoted, and a quote inside is doubled.")
        case "open_quote":
            Text(ru: "Кавычка не закрыта; может быть, файл обрезан.", en: "A quote is not closed: the file may be cut.")
        case "cell_count":
            Text(
                ru: "Ячеек в строке не столько, сколько в заголовке.",
                en: "The row has not as many cells as the header.")
        case "too_long": Text(ru: "Слишком длинно.", en: "Too long.")
        case "too_many_columns": Text(ru: "Слишком много столбцов.", en: "Too many columns.")
        case "too_many_rows": Text(ru: "Слишком много строк: не больше 20 000.", en: "Too many rows: at most 20,000.")
        case "no_header": Text(ru: "В файле нет строки заголовка.", en: "The file has no header line.")
        case "unknown_column":
            Text(ru: "Такого столбца здесь нет.", en: "There is no such column here.")
        case "repeated": Text(ru: "Указано дважды, первый раз в \(argument).", en: "Given twice, first in \(argument).")
        case "required": Text(ru: "Обязательный столбец.", en: "The column is required.")
        case "not_a_date":
            Text(ru: "Ожидается дата ДД.ММ.ГГГГ или ГГГГ-ММ-ДД.", en: "A date DD.MM.YYYY or YYYY-MM-DD is expected.")
        case "out_of_range":
            Text(ru: "Ожидается целое число: \(argument).", en: "A whole number is expected: \(argument).")
        case "not_one_of": Text(ru: "Ожидается одно из: \(argument).", en: "One of these is expected: \(argument).")
        case "too_many_items": Text(ru: "Не больше \(argument).", en: "At most \(argument).")
        case "no_academic_year":
            Text(
                ru: "В школе нет текущего учебного года.", en: "The school has no current academic year.")
        case "unknown_class":
            Text(ru: "В текущем учебном году нет такого класса.", en: "The current academic year has no such class.")
        case "needs_class": Text(ru: "Дата зачисления без класса.", en: "A day of enrollment without a class.")
        case "outside_year":
            Text(ru: "Вне учебного года: \(argument).", en: "Outside the academic year: \(argument).")
        case "class_change_needs_date":
            Text(
                ru: "Ученик уже в классе \(argument): для перевода укажите дату зачисления после начала той записи.",
                en: "The pupil is in \(argument): to change class, give enrolled_on after the beginning of that.")
        case "in_the_future": Text(ru: "Дата в будущем.", en: "The date is in the future.")
        case "another_person":
            Text(
                ru: "Этот код у другого человека: \(argument).", en: "Another person has this external id: \(argument)."
            )
        case "depersonalised":
            Text(ru: "Данные этого человека удалены (K2).", en: "This person's data was erased (rule K2).")
        case "unknown_child":
            Text(ru: "Нет ученика с кодом \(argument).", en: "There is no pupil with the external id \(argument).")
        case "self": Text(ru: "Никто не представляет сам себя.", en: "Nobody represents themselves.")
        case "guardianship_over":
            Text(
                ru: "Представительство ученика \(argument) закончено; импорт его не возобновляет (A3).",
                en: "The guardianship of \(argument) is over, and an import does not begin it again (rule A3).")
        case "access_closed":
            Text(
                ru: "Доступ к ученику \(argument) закрыт; импорт его не открывает (A3).",
                en: "Access to \(argument) is closed, and an import does not open it (rule A3).")
        case "before_start": Text(ru: "Конец раньше начала.", en: "The end is before the beginning.")
        case "already_exists": Text(ru: "Занято: \(argument).", en: "Taken: \(argument).")
        case "fixed_field":
            Text(ru: "Не меняется: сейчас \(argument).", en: "Never changes: it is \(argument).")
        default: Text(ru: "Неверное значение.", en: "The value is not valid.")
        }
    }
}
