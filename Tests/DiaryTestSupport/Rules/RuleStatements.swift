/// A mark's value in the columns kind, number, code, due_on (M2).
package enum RuleValue: Sendable, CustomStringConvertible {
    case number(Int)
    case code(String)
    case owed(until: String)
    case nothing
    /// A value that no caller should write.
    case malformed(String)

    /// The four columns.
    package var description: String {
        switch self {
        case .number(let number): "'number', \(number), NULL, NULL"
        case .code(let code): "'code', NULL, '\(code)', NULL"
        case .owed(let date): "'code', NULL, 'owed', '\(date)'"
        case .nothing: "NULL, NULL, NULL, NULL"
        case .malformed(let columns): columns
        }
    }

    /// The first three columns, which are the arguments of the rule functions.
    package var arguments: String {
        switch self {
        case .number(let number): "'number', \(number), NULL"
        case .code(let code): "'code', NULL, '\(code)'"
        case .owed: "'code', NULL, 'owed'"
        case .nothing: "NULL, NULL, NULL"
        case .malformed(let columns): columns
        }
    }
}

/// Statements like the server's, for the school of the transaction.
extension RuleSchool {
    /// A new mark.
    package static func mark(_ pupil: RuleKey, at lesson: RuleKey, _ value: RuleValue = .number(5)) -> String {
        """
        INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number, code, due_on)
            VALUES (\(school), gen_random_uuid(), \(lesson.column), \(pupil), \(value));
        """
    }

    /// A change of an existing mark.
    package static func change(_ pupil: RuleKey, at lesson: RuleKey, to value: RuleValue) -> String {
        "UPDATE marks SET (kind, number, code, due_on) = ROW(\(value)) \(cell(pupil, at: lesson));"
    }

    /// A WHERE clause for the mark of a student in the default column.
    package static func cell(_ pupil: RuleKey, at lesson: RuleKey) -> String {
        "WHERE school_id = \(school) AND line_item_id = \(lesson.column) AND student_id = \(pupil)"
    }

    /// A final mark; only `kind` term has a term. By default with a reason, which M7 asks for where there are no marks.
    package static func final(
        _ pupil: RuleKey, _ kind: String, _ term: RuleKey? = nil, _ value: RuleValue, subject: RuleKey = .maths,
        section: RuleKey? = nil, source: String = "own", points: Int? = nil, reason: String? = "Решение совета",
        order: RuleKey? = nil, id: RuleKey? = nil
    ) -> String {
        """
        INSERT INTO final_marks (school_id, id, student_id, subject_id, academic_year_id, kind, term_id, section_id,
                source, exam_points, reason, order_id, value_kind, number, code, due_on)
            VALUES (\(school), \(id?.description ?? "gen_random_uuid()"), \(pupil), \(subject), \(RuleKey.year), '\(kind)',
                \(sql(term)), \(sql(section)), '\(source)', \(points.map(String.init) ?? "NULL"),
                \(reason.map { "'\($0)'" } ?? "NULL"), \(sql(order)), \(value));
        """
    }

    /// An order of the school, written without a person, as teachers write none; by default a protocol of its council.
    package static func order(_ id: RuleKey, kind: String = "council_protocol") -> String {
        """
        SET LOCAL lyceum.user_id = '';
        INSERT INTO orders (school_id, id, kind, number, issued_on, text, signatory)
            VALUES (\(school), \(id), '\(kind)', '\(id.number)', '2026-10-01', 'Текст', 'Директор');
        SET LOCAL lyceum.user_id = '\(RuleKey.teacher.uuid)';
        """
    }

    package static func lesson(
        _ id: RuleKey = .new, of section: RuleKey, on date: String, at starts: String, to ends: String,
        room: RuleKey? = nil, teacher: RuleKey? = nil, merge: RuleKey? = nil
    ) -> String {
        """
        INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at, room_id, teacher_id, merge_id)
            VALUES (\(school), \(id), \(section), '\(date)', 1, '\(starts)', '\(ends)', \(sql(room)), \(sql(teacher)),
                \(sql(merge)));
        """
    }

    package static func member(_ pupil: RuleKey, of group: RuleKey, from date: String, id: RuleKey = .new) -> String {
        """
        INSERT INTO group_members (school_id, id, group_id, student_id, starts_on)
            VALUES (\(school), \(id), \(group), \(pupil), '\(date)');
        """
    }

    /// By the deputy head, who acts for it.
    package static func unlock(
        _ section: RuleKey, from starts: String, to ends: String, until expires: String, id: RuleKey = .new
    ) -> String {
        """
        INSERT INTO user_roles (school_id, user_id, role) VALUES (\(school), \(RuleKey.deputyHead), 'deputy_head')
            ON CONFLICT DO NOTHING;
        SET LOCAL lyceum.user_id = '\(RuleKey.deputyHead.uuid)';
        INSERT INTO unlocks (school_id, id, section_id, starts_on, ends_on, expires_on, reason, granted_by)
            VALUES (\(school), \(id), \(section), '\(starts)', '\(ends)', '\(expires)', 'Приказ 17', \(RuleKey.deputyHead));
        SET LOCAL lyceum.user_id = '\(RuleKey.teacher.uuid)';
        """
    }

    /// By the deputy head.
    package static func revocation(of id: RuleKey = .new) -> String {
        """
        SET LOCAL lyceum.user_id = '\(RuleKey.deputyHead.uuid)';
        \(update("unlocks", id, "revoked_at = now()"))
        SET LOCAL lyceum.user_id = '\(RuleKey.teacher.uuid)';
        """
    }

    /// A column of the lesson; by default a control work.
    package static func column(
        _ id: RuleKey, at lesson: RuleKey, _ category: RuleKey = .control, override: String? = nil
    ) -> String {
        """
        INSERT INTO line_items (school_id, id, lesson_id, section_id, category_id, override_reason)
            SELECT school_id, \(id), id, section_id, \(category), \(override.map { "'\($0)'" } ?? "NULL")
            FROM lessons WHERE school_id = \(school) AND id = \(lesson);
        """
    }

    /// The teacher's code at a lesson.
    package static func attendance(
        _ pupil: RuleKey, at lesson: RuleKey, _ meaning: String = "absent", minutes: Int? = nil, label: RuleKey? = nil
    ) -> String {
        """
        INSERT INTO attendance (school_id, id, lesson_id, student_id, meaning, minutes, code_id)
            VALUES (\(school), gen_random_uuid(), \(lesson), \(pupil), '\(meaning)',
                \(minutes.map(String.init) ?? "NULL"), \(sql(label)));
        """
    }

    /// The class teacher's decision for a lesson.
    package static func decision(_ pupil: RuleKey, at lesson: RuleKey, _ meaning: String) -> String {
        byClassTeacher(
            """
            INSERT INTO attendance (school_id, id, lesson_id, student_id, decided_meaning, decided_at)
                VALUES (\(school), gen_random_uuid(), \(lesson), \(pupil), '\(meaning)', now())
                ON CONFLICT (school_id, lesson_id, student_id) DO UPDATE SET decided_meaning = excluded.decided_meaning,
                    decided_at = excluded.decided_at, decided_by_day = false;
            """)
    }

    /// The class teacher's word for a student's day; nil takes it back.
    package static func word(_ pupil: RuleKey, on date: String, _ meaning: String?) -> String {
        byClassTeacher(
            """
            INSERT INTO attendance_days (school_id, id, student_id, date, meaning)
                VALUES (\(school), gen_random_uuid(), \(pupil), '\(date)', \(meaning.map { "'\($0)'" } ?? "NULL"))
                ON CONFLICT (school_id, student_id, date) DO UPDATE SET meaning = excluded.meaning, note_id = NULL;
            """)
    }

    /// The class teacher of class 7 is appointed, if nobody is.
    package static let appointment = """
        INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on)
            VALUES (\(school), \(RuleKey(703)), \(RuleKey.class7), \(RuleKey.classTeacher), '2026-09-01')
            ON CONFLICT DO NOTHING;
        """

    /// A statement of the class teacher of class 7; afterwards the teacher acts again.
    package static func byClassTeacher(_ statement: String) -> String {
        """
        \(appointment)
        SET LOCAL lyceum.user_id = '\(RuleKey.classTeacher.uuid)';
        \(statement)
        SET LOCAL lyceum.user_id = '\(RuleKey.teacher.uuid)';
        """
    }

    package static func homework(_ lesson: RuleKey, of section: RuleKey, due date: String, id: RuleKey = .new) -> String
    {
        """
        INSERT INTO homework (school_id, id, lesson_id, section_id, text, due_on)
            VALUES (\(school), \(id), \(lesson), \(section), '№ 17', '\(date)');
        """
    }

    /// Changes a row of a table by its id.
    package static func update(_ table: String, _ id: RuleKey, _ assignments: String) -> String {
        "UPDATE \(table) SET \(assignments) WHERE school_id = \(school) AND id = \(id);"
    }

    package static func sql(_ key: RuleKey?) -> String { key?.description ?? "NULL" }
}
