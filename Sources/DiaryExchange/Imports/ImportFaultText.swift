import Web

extension Text {
    /// The sentence of a fault. It must make sense without `names.known`, which some callers do not get.
    init(fault code: String, _ names: ImportNames, isOfHeader: Bool) {
        let said = names.said
        let row = names.row ?? "?"
        /// `: name`, if the caller may see it.
        let name = names.known.map { ": \($0)" } ?? ""
        self =
            switch code {
            // Faults of the file.
            case "bad_encoding":
                Text(
                    ru: "Файл не в UTF-8 и не в windows-1251, или он повреждён.",
                    en: "The file is neither UTF-8 nor windows-1251, or it is damaged.")
            case "null_character":
                Text(ru: "В ячейке есть нулевой символ.", en: "The cell contains a null character.")
            case "stray_quote":
                Text(
                    ru: "Лишняя кавычка: ячейку с кавычками целиком заключают в кавычки, а кавычку внутри удваивают.",
                    en: "Unexpected quote: put the whole cell in quotes and double every quote inside it.")
            case "open_quote":
                Text(
                    ru: "Кавычка не закрыта; возможно, файл обрезан.",
                    en: "The quote is never closed; the file may be cut off.")
            case "cell_count":
                Text(
                    ru: "Число ячеек в строке не такое, как в заголовке.",
                    en: "The row has more or fewer cells than the header.")
            case "too_long": Text(ru: "Слишком длинное значение.", en: "The value is too long.")
            case "too_many_columns": Text(ru: "Слишком много столбцов.", en: "There are too many columns.")
            case "too_many_rows":
                Text(
                    ru: "Слишком много строк: можно не больше 20 000.",
                    en: "There are too many rows; the limit is 20,000.")
            case "no_header": Text(ru: "В файле нет строки заголовка.", en: "The file has no header row.")
            case "unknown_column":
                Text(
                    ru: "Такого столбца в этом файле быть не может.",
                    en: "This kind of file has no such column.")
            // Faults of a value.
            case "required" where isOfHeader: Text(ru: "Обязательный столбец.", en: "This column is required.")
            case "required": Text(ru: "Обязательная ячейка не заполнена.", en: "This cell must not be empty.")
            case "repeated" where names.row != nil:
                Text(ru: "Повторяет строку \(row).", en: "Repeats row \(row).")
            case "repeated": Text(ru: "Повторяет «\(said)».", en: "Repeats “\(said)”.")
            case "not_a_date":
                Text(
                    ru: "Ожидается дата ДД.ММ.ГГГГ или ГГГГ-ММ-ДД.",
                    en: "Expected a date, DD.MM.YYYY or YYYY-MM-DD.")
            case "out_of_range":
                Text(ru: "Ожидается целое число: \(said).", en: "Expected a whole number, \(said).")
            case "not_hours":
                Text(ru: "Ожидается число часов, например 2 или 0,5.", en: "Expected hours, such as 2 or 0.5.")
            case "not_a_weight":
                Text(ru: "Ожидается вес, например 1 или 1,5.", en: "Expected a weight, such as 1 or 1.5.")
            case "not_one_of": Text(ru: "Ожидается одно из: \(said).", en: "Expected one of: \(said).")
            case "too_many_items":
                Text(
                    ru: "Слишком много значений: можно не больше \(said).", en: "Too many values; the limit is \(said)."
                )
            case "in_the_future": Text(ru: "Эта дата ещё не наступила.", en: "The date is in the future.")
            case "before_start": Text(ru: "Конец раньше начала.", en: "The end is before the start.")
            case "outside_year":
                Text(ru: "Вне учебного года (\(said)).", en: "Outside the academic year (\(said)).")
            // Faults of a reference.
            case "no_academic_year":
                Text(ru: "В школе нет текущего учебного года.", en: "The school has no current academic year.")
            case "unknown_year":
                Text(ru: "В школе нет учебного года «\(said)».", en: "The school has no academic year “\(said)”.")
            case "unknown_term":
                Text(
                    ru: "В этом учебном году у параллели ученика нет такой четверти, триместра или полугодия.",
                    en: "In that academic year the student's grade level has no such quarter, trimester or semester.")
            case "unknown_subject":
                Text(ru: "В школе нет предмета «\(said)».", en: "The school has no subject “\(said)”.")
            case "unknown_class":
                Text(
                    ru: "В текущем учебном году нет класса «\(said)».",
                    en: "The current academic year has no class “\(said)”.")
            case "unknown_group":
                Text(
                    ru: "В текущем учебном году нет группы «\(said)».",
                    en: "The current academic year has no group “\(said)”.")
            case "unknown_section":
                Text(
                    ru: "В текущем учебном году нет такой нагрузки (предмет и класс или группа).",
                    en: "The current academic year has no such section (subject with class or group).")
            case "unknown_room": Text(ru: "В школе нет кабинета «\(said)».", en: "The school has no room “\(said)”.")
            case "unknown_teacher":
                Text(ru: "Нет сотрудника с кодом \(said).", en: "No staff member has the external id \(said).")
            case "unknown_child":
                Text(ru: "Нет ученика с кодом \(said).", en: "No student has the external id \(said).")
            case "unknown_bells":
                Text(
                    ru: "Для этого дня, параллели и смены нет таких звонков.",
                    en: "There is no such bell schedule for this weekday, grade level and shift.")
            case "unknown_slot":
                Text(
                    ru: "В расписании звонков «\(said)» нет такого урока.",
                    en: "The bell schedule “\(said)” has no such lesson.")
            case "ambiguous":
                Text(
                    ru: "Записей с таким названием несколько: укажите код или уточните.",
                    en: "Several records have this name: give the external id, or more details.")
            // Conflicts with existing records.
            case "another_person":
                Text(
                    ru: "Этот код у другого человека\(name).", en: "Another person has this external id\(name).")
            case "depersonalised":
                Text(ru: "Данные этого человека удалены (K2).", en: "This person's data was erased (rule K2).")
            case "already_exists" where names.known == nil && said.isEmpty:
                Text(ru: "Этот код или название уже занято.", en: "This external id or name is already taken.")
            case "already_exists":
                Text(
                    ru: "Этот код или название уже у записи «\(names.known ?? said)».",
                    en: "This external id or name already belongs to “\(names.known ?? said)”.")
            case "fixed_field" where names.known == nil && said.isEmpty:
                Text(ru: "Это поле изменить нельзя.", en: "This field can't be changed.")
            case "fixed_field":
                Text(
                    ru: "Это поле изменить нельзя; сейчас: \(names.known ?? said).",
                    en: "This field can't be changed; it is now: \(names.known ?? said).")
            case "archived":
                Text(ru: "Запись в архиве; сначала верните её.", en: "The record is archived; restore it first.")
            case "differs":
                Text(
                    ru: "В строке \(row) та же запись, но с другими данными.",
                    en: "Row \(row) has other values for the same record.")
            case "lacks_code":
                Text(
                    ru: "В другой строке для этой записи указан код; укажите его и здесь.",
                    en: "Another row gives this record an external id; give it here, too.")
            // Students and groups.
            case "needs_class":
                Text(ru: "Указана дата зачисления, но не класс.", en: "There is an enrollment date but no class.")
            case "class_change_needs_date":
                Text(
                    ru:
                        "Ученик уже в другом классе\(name). Для перевода укажите дату зачисления позже начала этого зачисления.",
                    en:
                        "The student is already in another class\(name). To move the student, give an enrolled_on after the "
                        + "start of that enrollment.")
            case "subgroups_not_named":
                Text(
                    ru:
                        "В новом классе есть подгруппы\(name). Назовите те, в которые входит ученик, или напишите «нет» (L5).",
                    en:
                        "The new class has subgroups\(name). Name those that the student joins, or write “none” (rule L5)."
                )
            case "part_of_a_class":
                Text(
                    ru: "Класс указывают только для группы вида part, и для неё он обязателен.",
                    en: "A group of kind part needs a class; other groups must not have one.")
            case "needs_members":
                Text(ru: "Указаны даты, но не ученики.", en: "There are dates but no members.")
            case "not_in_class":
                Text(
                    ru: "Ученик \(said) в этот день не в классе этой группы.",
                    en: "On that day student \(said) is not in the group's class.")
            case "membership_over":
                Text(
                    ru: "Ученик \(said) вышел из группы; чтобы вернуть его, укажите дату начала.",
                    en: "Student \(said) has left the group; to bring the student back, give starts_on.")
            case "self":
                Text(ru: "Человек не может представлять сам себя.", en: "People can't be their own guardians.")
            case "own_guardianship":
                Text(
                    ru:
                        "Это ваше представительство, или интеграция пишет его сотруднику: его должен записать другой человек (A3).",
                    en:
                        "This guardianship is your own, or an integration writes it for a member of staff; another person has to (rule A3)."
                )
            case "own_role":
                Text(
                    ru: "Себе эту роль не дают: её даёт другой администратор (A2).",
                    en: "Nobody grants themselves this role; another administrator has to (rule A2).")
            case "guardianship_over":
                Text(
                    ru: "Представительство ученика \(said) закончено; импорт его не возобновляет (A3).",
                    en: "The guardianship of student \(said) has ended; an import does not renew it (rule A3).")
            case "access_closed":
                Text(
                    ru: "Доступ к данным ученика \(said) закрыт; импорт его не открывает (A3).",
                    en: "Access to student \(said) is closed; an import does not open it (rule A3).")
            // Teaching.
            case "needs_teacher":
                Text(
                    ru: "Указаны роль или даты, но не учитель.", en: "There is a role or a date but no teacher.")
            case "teaching_over":
                Text(
                    ru: "Учитель \(said) больше не ведёт; чтобы вернуть его, укажите дату начала.",
                    en: "Teacher \(said) no longer teaches this; to bring the teacher back, give a first day.")
            case "teacher_change_needs_date":
                Text(
                    ru: "Сейчас ведёт другой учитель\(name). Чтобы его заменить, укажите более позднюю дату начала.",
                    en:
                        "Another teacher teaches this now\(name). To replace that teacher, give a later first day."
                )
            case "lead_overlap" where names.row != nil:
                Text(
                    ru: "В эти дни ведущий учитель уже указан в строке \(row).",
                    en: "Row \(row) already names a lead teacher for these days.")
            case "lead_overlap":
                Text(
                    ru: "В эти дни уже есть другой ведущий учитель\(name).",
                    en: "Another teacher is already the lead on these days\(name).")
            case "marks_not_allowed":
                Text(ru: "В 1 классе отметок нет (M1).", en: "Grade 1 has no marks (rule M1).")
            case "value_not_allowed":
                Text(
                    ru: "Такая отметка здесь не ставится: её нет в шкале школы, или это не текущая отметка (M2).",
                    en:
                        "This mark is not possible here: the school's scale lacks it, or it is no current mark (rule M2)."
                )
            case "not_enrolled":
                Text(
                    ru: "В этом учебном году ученик не зачислен в школу.",
                    en: "The student is not enrolled in the school in that academic year.")
            case "edit_window_closed":
                Text(
                    ru: "Период уже закрыт для отметок (M4).", en: "The term is already closed for marks (rule M4).")
            case "own_final":
                Text(
                    ru: "Эту итоговую отметку выставила школа; импорт её не меняет.",
                    en: "This school has given that final mark; an import does not change it.")
            case "has_marks":
                Text(
                    ru: "Отметки уже выставлены, поэтому изменить оценивание нельзя.",
                    en: "The section already has marks, so its grading can't be changed.")
            case "plan_approved":
                Text(
                    ru: "План «\(said)» утверждён, импорт его не меняет (P1).",
                    en: "The plan “\(said)” is approved; an import does not change it (rule P1).")
            // Conflicts in the timetable (L1).
            case "teacher_overlap":
                Text(
                    ru: "Учитель в это время занят (L1)" + Self.beside(names, row: "строка") + ".",
                    en: "The teacher is busy at this time (rule L1)" + Self.beside(names, row: "row") + ".")
            case "room_overlap":
                Text(
                    ru: "Кабинет в это время занят (L1)" + Self.beside(names, row: "строка") + ".",
                    en: "The room is taken at this time (rule L1)" + Self.beside(names, row: "row") + ".")
            case "student_overlap":
                Text(
                    ru: "У учеников два урока одновременно (L1)" + Self.beside(names, row: "строка") + ".",
                    en: "Students would have two lessons at once (rule L1)" + Self.beside(names, row: "row") + ".")
            case "recorded_days":
                Text(
                    ru: "В дни, которые больше не входили бы в класс или группу, есть записи (L5): \(said).",
                    en: "Records exist on days that would no longer belong to the class or group (rule L5): \(said).")
            // Faults of the archive.
            case "not_an_archive":
                Text(ru: "Это не архив zip, или он повреждён.", en: "This is not a zip archive, or it is damaged.")
            case "empty_archive": Text(ru: "В архиве нет файлов.", en: "The archive is empty.")
            case "damaged": Text(ru: "Файл в архиве повреждён.", en: "The file is damaged.")
            case "encrypted":
                Text(ru: "Файл зашифрован; снимите пароль.", en: "The file is encrypted; remove the password.")
            case "unsupported_compression":
                Text(
                    ru: "Файл сжат неподдерживаемым способом; используйте deflate.",
                    en: "The file's compression method is not supported; use deflate.")
            case "unpacks_too_large":
                Text(ru: "Файл после распаковки слишком велик.", en: "The unpacked file is too large.")
            case "too_many_files": Text(ru: "В архиве слишком много файлов.", en: "The archive has too many files.")
            case "unknown_file":
                Text(
                    ru: "Неизвестное имя файла. Ожидаются: \(said).",
                    en: "Unknown file name. Expected names: \(said).")
            case "path_in_name":
                Text(ru: "В архиве не должно быть папок.", en: "The archive must not have folders.")
            default: Text(ru: "Неверное значение.", en: "The value is not valid.")
            }
    }

    /// The people, subjects and rows of a conflict: `: 1024, History 5A, row 7`.
    private static func beside(_ names: ImportNames, row: String) -> String {
        let parts = [
            names.said.isEmpty ? nil : names.said, names.known, names.row.map { "\(row) \($0)" },
        ].compactMap { $0 }
        return parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
    }
}
