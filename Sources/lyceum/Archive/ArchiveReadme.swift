import Web

/// README.txt of an archive: what is in it, and how somebody without this program checks it.
struct ArchiveReadme {
    let school: String
    let year: String
    let made: String
    /// The id of the key; nil: the archive is not signed.
    let key: String?
    let hasPDF: Bool

    func text(_ language: Language) -> String { language == .russian ? russian : english }

    private static let check = "    sha256sum --check --quiet SHA256SUMS && echo OK"

    private static let additional = """
            found=$(find . ! -type d ! -path ./SHA256SUMS ! -path ./SHA256SUMS.hmac | cut -c 3-)
            others=$( (cut -c 67- SHA256SUMS; printf '%s\\n' "$found") | sort | uniq -u)
            test -z "$others" && echo OK
        """

    /// The key comes from the standard input, so that it stays out of the history of the shell.
    private static let verify = """
            read -r key
            key=$(printf %s "$key" | tr '_-' '/+')
            while [ $((${#key} % 4)) -ne 0 ]; do key="$key="; done
            hex=$(printf %s "$key" | base64 -d | od -An -v -tx1 | tr -d ' \\n')
            openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hex" -r SHA256SUMS | cmp - SHA256SUMS.hmac && echo OK
        """

    private var russian: String {
        """
        Архив учебного года \(year)
        \(school)
        Состояние на \(made) (UTC)

        Что здесь есть
        --------------

        journals/   страницы журнала по классам: отметки, пропуски, темы, домашние задания
        classes/    сводные ведомости, итоги, посещаемость, табели, аттестаты по классам
        teachers/   отчёты учителей-предметников
        school/     итоги школы, задолженности, решения о переводе, движение, замещения,
                    выполнение программы, контроль ведения журнала
        orders/     приказы и протоколы
        tables/     таблицы, из которых всё это составлено (CSV, UTF-8)
        archive.json   список документов и файлов, для программ

        \(hasPDF
            ? "Документы — файлы PDF; рядом те же таблицы в CSV. У таблицы без строк файла нет."
            : "Документы — страницы HTML: при создании архива PDF не делали. Рядом те же таблицы в CSV. У таблицы без\nстрок файла нет.")
        Табели есть только для печати: те же отметки — в сводной ведомости и в tables/finals.csv.
        Отметки, которые семьям ещё не открыты, в журналах есть, а в tables/ их нет.
        В архиве персональные данные: храните и передавайте его как классный журнал.

        Как проверить, что ничего не изменилось
        ---------------------------------------

        Нужны sha256sum (GNU coreutils) и openssl. Команды выполняют в каталоге архива; каждая печатает OK.

        1. Файлы таковы, как записано в SHA256SUMS:

        \(Self.check)

        2. Лишних файлов нет:

        \(Self.additional)

        \(key.map { signedRussian($0) } ?? unsignedRussian)
        """ + "\n"
    }

    private func signedRussian(_ key: String) -> String {
        """
        3. SHA256SUMS подписан ключом школы (HMAC-SHA256, ключ «\(key)»). Ключ хранит тот, кто ведёт сервер школы: это
           строка после «\(key):» в настройке LYCEUM_ARCHIVE_KEYS. Введите её после первой команды:

        \(Self.verify)

        Шаги 1 и 2 показывают, что архив цел. Кто его составил, показывает только шаг 3: без ключа подпись не подделать,
        а суммы может пересчитать каждый. Подпись проверяет и может поставить любой, у кого есть ключ.
        С программой lyceum всё это делает команда `lyceum export verify КАТАЛОГ`.
        """
    }

    private var unsignedRussian: String {
        """
        Архив не подписан. Шаги 1 и 2 показывают, что файлы соответствуют SHA256SUMS, но не кто их составил: тот, кто
        меняет файл, может пересчитать и сумму.
        С программой lyceum всё это делает команда `lyceum export verify КАТАЛОГ`.
        """
    }

    private var english: String {
        """
        Archive of the academic year \(year)
        \(school)
        As of \(made) (UTC)

        What is here
        ------------

        journals/   the pages of the journal by class: marks, absences, topics, homework
        classes/    class registers, results, attendance, report cards and certificates by class
        teachers/   results of teachers' sections
        school/     results of the school, debts, promotion, movement, substitutions, plan coverage,
                    control of journals
        orders/     orders and protocols
        tables/     the tables that all of this is made of (CSV, UTF-8)
        archive.json   the list of documents and files, for programs

        \(hasPDF
            ? "Documents are PDF files, with their tables beside them as CSV. A table without rows has no file."
            : "Documents are HTML pages, as no PDF was made. Their tables are beside them as CSV. A table without rows has\nno file.")
        Report cards are only for printing: their marks are in the class register and in tables/finals.csv.
        Marks that families may not see yet are in the journals, and not in tables/.
        The archive has personal data: keep it and hand it on like a class journal.

        How to check that nothing has changed
        -------------------------------------

        You need sha256sum (GNU coreutils) and openssl. Run the commands in the directory of the archive; each prints OK.

        1. The files are as SHA256SUMS has them:

        \(Self.check)

        2. There are no other files:

        \(Self.additional)

        \(key.map { signedEnglish($0) } ?? unsignedEnglish)
        """ + "\n"
    }

    private func signedEnglish(_ key: String) -> String {
        """
        3. SHA256SUMS is signed with the school's key (HMAC-SHA256, key "\(key)"). Whoever runs the school's server keeps
           it: it is the text after "\(key):" in the setting LYCEUM_ARCHIVE_KEYS. Type it after the first command:

        \(Self.verify)

        Steps 1 and 2 show that the archive is intact. Only step 3 shows who made it: nobody can forge the signature without
        the key, but everybody can compute new sums. Whoever has the key can check signatures, and can make them.
        With the program lyceum, `lyceum export verify DIRECTORY` does all of this.
        """
    }

    private var unsignedEnglish: String {
        """
        The archive is not signed. Steps 1 and 2 show that the files agree with SHA256SUMS, but not who made them: whoever
        changes a file can compute its sum, too.
        With the program lyceum, `lyceum export verify DIRECTORY` does all of this.
        """
    }
}
