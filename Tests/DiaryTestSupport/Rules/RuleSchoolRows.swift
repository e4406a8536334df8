/// The rows of a rule school, written like the server writes them; `RuleKey` describes them.
extension RuleSchool {
    package static let calendar = """
        INSERT INTO academic_years (school_id, id, name, starts_on, ends_on, second_half_starts_on, state) VALUES
            (\(school), \(RuleKey.year), '2026/27', '2026-09-01', '2027-05-31', '2027-01-11', 'open');
        INSERT INTO terms
            (school_id, id, academic_year_id, kind, ordinal, name, starts_on, ends_on, marks_close_on, grade_levels)
        VALUES
            (\(school), \(RuleKey.quarter1), \(RuleKey.year), 'quarter', 1, 'I',
                '2026-09-01', '2026-10-24', '2026-10-28', '{1,2,3,4,5,6,7,8,9}'),
            (\(school), \(RuleKey.quarter2), \(RuleKey.year), 'quarter', 2, 'II',
                '2026-11-02', '2026-12-29', '2026-12-30', '{1,2,3,4,5,6,7,8,9}'),
            (\(school), \(RuleKey.quarter3), \(RuleKey.year), 'quarter', 3, 'III',
                '2027-01-11', '2027-03-20', '2027-03-25', '{1,2,3,4,5,6,7,8,9}'),
            (\(school), \(RuleKey.semester1), \(RuleKey.year), 'semester', 1, 'I',
                '2026-09-01', '2026-12-29', '2026-12-30', '{10,11}');
        INSERT INTO holidays (school_id, id, academic_year_id, name, starts_on, ends_on, grade_levels) VALUES
            (\(school), \(RuleKey.autumnHolidays), \(RuleKey.year), 'Осенние', '2026-10-25', '2026-11-01', NULL),
            (\(school), \(RuleKey.firstGradeHolidays), \(RuleKey.year), 'Первый класс',
                '2027-02-15', '2027-02-21', '{1}');
        INSERT INTO bell_schedules (school_id, id, academic_year_id, name) VALUES
            (\(school), \(RuleKey.bells), \(RuleKey.year), 'Звонки');
        INSERT INTO rooms (school_id, id, name, shared) VALUES
            (\(school), \(RuleKey.room), '101', false), (\(school), \(RuleKey.hall), 'Зал', true);
        INSERT INTO subjects (school_id, id, name) VALUES
            (\(school), \(RuleKey.maths), 'Математика'), (\(school), \(RuleKey.russian), 'Русский язык'),
            (\(school), \(RuleKey.english), 'Английский язык');
        INSERT INTO categories (school_id, id, name, is_control) VALUES
            (\(school), \(RuleKey.answer), 'Ответ', false), (\(school), \(RuleKey.control), 'Контрольная', true);
        INSERT INTO attendance_codes (school_id, id, code, meaning, name, is_default) VALUES
            (\(school), \(RuleKey.labelAbsent), 'Н', 'absent', 'Отсутствовал', true),
            (\(school), \(RuleKey.labelLate), 'ОП', 'late', 'Опоздал', true);

        """

    package static let people = """
        INSERT INTO users (school_id, id, last_name, first_name)
            SELECT \(school), ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Фамилия', 'Имя'
            FROM unnest(array[101, 102, 103, 104, 105, 201, 202, 203, 204, 205, 206, 207, 208, 209, 301, 302, 303, 304]) n;
        INSERT INTO staff (school_id, id) SELECT school_id, id FROM users
            WHERE school_id = \(school) AND id <= \(RuleKey.classTeacher);
        INSERT INTO students (school_id, id) SELECT school_id, id FROM users
            WHERE school_id = \(school) AND id BETWEEN \(RuleKey.anna) AND \(RuleKey.newcomer);
        INSERT INTO guardians (school_id, id) SELECT school_id, id FROM users
            WHERE school_id = \(school) AND id >= \(RuleKey.mother);
        INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name) VALUES
            (\(school), \(RuleKey.class1), \(RuleKey.year), 1, 'А', '1А'),
            (\(school), \(RuleKey.class2), \(RuleKey.year), 2, 'А', '2А'),
            (\(school), \(RuleKey.class7), \(RuleKey.year), 7, 'А', '7А'),
            (\(school), \(RuleKey.class10), \(RuleKey.year), 10, 'А', '10А');
        INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on, ends_on, in_class_group) VALUES
            (\(school), \(enrollment(.anna)), \(RuleKey.anna), \(RuleKey.class7), '2026-09-01', NULL, true),
            (\(school), \(enrollment(.boris)), \(RuleKey.boris), \(RuleKey.class7), '2026-09-01', NULL, true),
            (\(school), \(enrollment(.vera)), \(RuleKey.vera), \(RuleKey.class7), '2026-09-01', NULL, true),
            (\(school), \(enrollment(.homePupil)), \(RuleKey.homePupil), \(RuleKey.class7), '2026-09-01', NULL, false),
            (\(school), \(enrollment(.firstGrader)), \(RuleKey.firstGrader), \(RuleKey.class1), '2026-09-01', NULL, true),
            (\(school), \(enrollment(.secondGrader)), \(RuleKey.secondGrader), \(RuleKey.class2), '2026-09-01', NULL,
                true),
            (\(school), \(enrollment(.tenthGrader)), \(RuleKey.tenthGrader), \(RuleKey.class10), '2026-09-01', NULL,
                true),
            (\(school), \(enrollment(.leaver)), \(RuleKey.leaver), \(RuleKey.class7), '2026-09-01', '2026-10-10', true);

        """

    package static let load = """
        INSERT INTO groups (school_id, id, academic_year_id, kind, name, grade_level, class_id) VALUES
            (\(school), \(RuleKey.englishPart), \(RuleKey.year), 'part', '7А английский', 7, \(RuleKey.class7)),
            (\(school), \(RuleKey.choirGroup), \(RuleKey.year), 'cross', 'Хор', NULL, NULL),
            (\(school), \(RuleKey.homeGroup), \(RuleKey.year), 'individual', 'На дому', 7, NULL);
        INSERT INTO group_members (school_id, id, group_id, student_id, starts_on) VALUES
            (\(school), \(membership(.anna)), \(RuleKey.englishPart), \(RuleKey.anna), '2026-09-01'),
            (\(school), \(membership(.boris)), \(RuleKey.choirGroup), \(RuleKey.boris), '2026-09-01'),
            (\(school), \(membership(.homePupil)), \(RuleKey.homeGroup), \(RuleKey.homePupil), '2026-09-01');
        INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name, grading, kind) VALUES
            (\(school), \(RuleKey.maths7), \(RuleKey.year), \(RuleKey.maths), \(RuleKey.class7), 'Математика 7А',
                'marks', 'curricular'),
            (\(school), \(RuleKey.english7), \(RuleKey.year), \(RuleKey.english), \(RuleKey.englishPart),
                'Английский 7А', 'marks', 'curricular'),
            (\(school), \(RuleKey.choir), \(RuleKey.year), \(RuleKey.russian), \(RuleKey.choirGroup), 'Хор',
                'pass_fail', 'elective'),
            (\(school), \(RuleKey.maths1), \(RuleKey.year), \(RuleKey.maths), \(RuleKey.class1), 'Математика 1А',
                'marks', 'curricular'),
            (\(school), \(RuleKey.maths2), \(RuleKey.year), \(RuleKey.maths), \(RuleKey.class2), 'Математика 2А',
                'marks', 'curricular'),
            (\(school), \(RuleKey.club), \(RuleKey.year), \(RuleKey.russian), \(RuleKey.class7), 'Кружок',
                'none', 'extracurricular'),
            (\(school), \(RuleKey.mathsAtHome), \(RuleKey.year), \(RuleKey.maths), \(RuleKey.homeGroup),
                'Математика на дому', 'marks', 'curricular');
        INSERT INTO section_teachers (school_id, id, section_id, teacher_id, starts_on, ends_on) VALUES
            (\(school), \(RuleKey(701)), \(RuleKey.maths7), \(RuleKey.formerTeacher), '2026-09-01', '2026-10-12'),
            (\(school), \(RuleKey(702)), \(RuleKey.maths7), \(RuleKey.teacher), '2026-10-13', NULL);

        """

    package static let lessons = """
        INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at, room_id, teacher_id) VALUES
            (\(school), \(RuleKey.recent), \(RuleKey.maths7), '2026-10-14', 1, '08:00', '08:40', \(RuleKey.room),
                \(RuleKey.teacher)),
            (\(school), \(RuleKey.old), \(RuleKey.maths7), '2026-09-29', 1, '08:00', '08:40', \(RuleKey.room),
                \(RuleKey.formerTeacher)),
            (\(school), \(RuleKey.tomorrow), \(RuleKey.maths7), '2026-10-16', 1, '08:00', '08:40', \(RuleKey.room),
                \(RuleKey.teacher)),
            (\(school), \(RuleKey.substituted), \(RuleKey.maths7), '2026-10-09', 1, '08:00', '08:40', \(RuleKey.room),
                \(RuleKey.substitute)),
            (\(school), \(RuleKey.firstGrade), \(RuleKey.maths1), '2026-10-14', 1, '08:00', '08:40', NULL,
                \(RuleKey.substitute)),
            (\(school), \(RuleKey.secondGrade), \(RuleKey.maths2), '2026-10-14', 1, '08:00', '08:40', NULL,
                \(RuleKey.deputyHead)),
            (\(school), \(RuleKey.secondGradeInJanuary), \(RuleKey.maths2), '2027-01-12', 1, '08:00', '08:40', NULL,
                \(RuleKey.deputyHead)),
            (\(school), \(RuleKey.choirLesson), \(RuleKey.choir), '2026-10-14', 5, '13:00', '13:40', \(RuleKey.hall),
                \(RuleKey.substitute)),
            (\(school), \(RuleKey.clubLesson), \(RuleKey.club), '2026-10-14', 6, '14:00', '14:40', \(RuleKey.hall),
                \(RuleKey.deputyHead)),
            (\(school), \(RuleKey.homeLesson), \(RuleKey.mathsAtHome), '2026-10-14', 1, '08:00', '08:40',
                \(RuleKey.hall), \(RuleKey.formerTeacher));
        INSERT INTO line_items (school_id, id, lesson_id, section_id, category_id, is_default)
            SELECT school_id, ('00000000-0000-7000-8000-' || lpad((right(id::text, 4)::int + 100)::text, 12, '0'))::uuid,
                id, section_id, \(RuleKey.answer), true
            FROM lessons WHERE school_id = \(school);

        """

    /// The school of the transaction, in SQL.
    package static let school = "lyceum.current_school()"

    /// The enrollment of a student, and the student's membership in the class's group.
    package static func enrollment(_ pupil: RuleKey) -> RuleKey { RuleKey(pupil.number + 200) }

    /// The student's membership in another group.
    package static func membership(_ pupil: RuleKey) -> RuleKey { RuleKey(pupil.number + 300) }
}

extension RuleSchool {
    package static func guardianship(
        _ guardian: RuleKey, of pupil: RuleKey = .anna, access: String = "full", from starts: String,
        to ends: String? = nil, relation: String = "mother", id: RuleKey = .new
    ) -> String {
        """
        INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on, ends_on)
            VALUES (lyceum.current_school(), \(id), \(guardian), \(pupil), '\(relation)', '\(access)', '\(starts)',
                \(ends.map { "'\($0)'" } ?? "NULL"));
        """
    }
}
