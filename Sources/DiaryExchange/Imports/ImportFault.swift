import Diary
import Web

/// What is wrong in a file, and where.
package struct ImportFault: Sendable, Equatable {
    /// Of an archive's file, its name.
    package var file: String?
    /// As a spreadsheet counts, the header is 1; 0 stands for the file as a whole.
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

    /// Of a file of an archive, or of the archive when there is none.
    init(file: String?, _ code: String, _ argument: String = "") {
        self.init(row: 0, column: "", code, argument)
        self.file = file
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
        case "not_hours":
            Text(ru: "Ожидаются часы, например 2 или 0,5.", en: "Hours are expected, such as 2 or 0.5.")
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
        case "recorded_days":
            Text(
                ru: "В дни, которые больше не входили бы в класс или группу, есть записи (L5): \(argument).",
                en: "There are records on days that would no longer belong to the class or group (rule L5): \(argument).")
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
        case "archived": Text(ru: "Это в архиве; верните из архива.", en: "It is archived; bring it back first.")
        case "ambiguous":
            Text(
                ru: "Так называется не одно; укажите код или уточните.",
                en: "Several are called so: give a code or more.")
        case "differs":
            Text(
                ru: "Об одном и том же здесь не так, как в \(argument).",
                en: "The row says of the same thing what \(argument) does not.")
        case "lacks_code":
            Text(
                ru: "Другая строка о том же даёт код, а эта нет.",
                en: "Another row about the same thing has an external id, and this one has not.")
        case "unknown_subject": Text(ru: "В школе нет такого предмета.", en: "The school has no such subject.")
        case "unknown_group":
            Text(ru: "В текущем учебном году нет такой группы.", en: "The current academic year has no such group.")
        case "unknown_section":
            Text(
                ru: "В текущем учебном году нет такой нагрузки (предмет и класс или группа).",
                en: "The current academic year has no such section (subject and class or group).")
        case "unknown_room": Text(ru: "В школе нет такого кабинета.", en: "The school has no such room.")
        case "unknown_teacher":
            Text(ru: "Нет сотрудника с кодом \(argument).", en: "There are no staff with the external id \(argument).")
        case "unknown_bells":
            Text(
                ru: "Для этого дня, параллели и смены нет таких звонков.",
                en: "There are no such bells for the weekday, grade level and shift.")
        case "unknown_slot":
            Text(ru: "В звонках «\(argument)» нет такого урока.", en: "The bells “\(argument)” have no such lesson.")
        case "part_of_a_class":
            Text(
                ru: "Класс указывают для части класса, и только для неё.",
                en: "A part has a class, and only a part has.")
        case "needs_members": Text(ru: "Даты без учеников.", en: "Dates without pupils.")
        case "needs_teacher": Text(ru: "Роль или даты без учителя.", en: "A role or dates without a teacher.")
        case "not_in_class":
            Text(
                ru: "Ученик \(argument) в этот день не в классе этой группы.",
                en: "The pupil \(argument) is not in the class of the group on that day.")
        case "membership_over":
            Text(
                ru: "Ученик \(argument) вышел из группы; чтобы вернуть, укажите дату начала.",
                en: "The pupil \(argument) has left the group; to come back, give starts_on.")
        case "teaching_over":
            Text(
                ru: "Учитель \(argument) больше не ведёт; чтобы вернуть, укажите дату начала.",
                en: "The teacher \(argument) has left this; to come back, give a first day.")
        case "teacher_change_needs_date":
            Text(
                ru: "Сейчас \(argument): для замены укажите дату начала, позже начала той записи.",
                en: "It is \(argument): to change that, give a first day, after the beginning of that.")
        case "lead_overlap":
            Text(ru: "В эти дни уже ведёт другой: \(argument).", en: "On these days somebody else leads: \(argument).")
        case "marks_not_allowed":
            Text(ru: "В 1 классе отметок нет (M1).", en: "There are no marks in grade 1 (rule M1).")
        case "has_marks":
            Text(
                ru: "Отметки уже стоят: оценивание не меняют.",
                en: "There are marks already: the grading does not change.")
        case "teacher_overlap":
            Text(
                ru: "Учитель в это время занят (L1): \(argument).",
                en: "The teacher is busy then (rule L1): \(argument).")
        case "room_overlap":
            Text(
                ru: "Кабинет в это время занят (L1): \(argument).", en: "The room is taken then (rule L1): \(argument)."
            )
        case "student_overlap":
            Text(
                ru: "У учеников два урока сразу (L1): \(argument).",
                en: "Pupils would have two lessons at a time (rule L1): \(argument).")
        case "plan_approved":
            Text(
                ru: "План «\(argument)» утверждён, импорт его не меняет (P1).",
                en: "The plan “\(argument)” is approved, and an import does not change it (rule P1).")
        case "not_an_archive":
            Text(ru: "Это не архив zip, или он повреждён.", en: "This is no zip archive, or it is damaged.")
        case "empty_archive": Text(ru: "В архиве нет файлов.", en: "There are no files in the archive.")
        case "damaged": Text(ru: "Файл в архиве повреждён.", en: "The file is damaged in the archive.")
        case "encrypted":
            Text(ru: "Файл зашифрован; снимите пароль.", en: "The file is encrypted; take the password off.")
        case "unsupported_compression":
            Text(
                ru: "Файл сжат необычным способом; годится deflate.",
                en: "The file is packed in an unusual way; deflate will do.")
        case "unpacks_too_large":
            Text(
                ru: "Файл после распаковки слишком велик.", en: "The file is too large when it is unpacked.")
        case "too_many_files": Text(ru: "В архиве слишком много файлов.", en: "The archive has too many files.")
        case "unknown_file":
            Text(
                ru: "Что это за файл? Ожидаются: \(argument).",
                en: "What is this file? These are expected: \(argument).")
        case "path_in_name":
            Text(ru: "В архиве не должно быть папок.", en: "There should be no folders in the archive.")
        default: Text(ru: "Неверное значение.", en: "The value is not valid.")
        }
    }
}
