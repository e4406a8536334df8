import DiarySchool
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// `GET /v1/school/readiness`, for a new school in each test.
@Suite(.serialized) struct SchoolReadinessTests {
    let server: TestServer
    let owner: BlockingConnection

    init() async throws {
        server = try await TestServer.of(Self.self)
        owner = try server.owner()
    }

    /// A school with or without a template's year, and its administrator.
    private func open(_ code: String, template: NewSchool.Template?, year: Int? = nil) throws -> Opened {
        let school = try NewSchool(
            code: code, name: code, timeZone: "Asia/Yekaterinburg", template: template, year: year
        ).open(owner).id
        let admin = try owner.query(
            """
            INSERT INTO users (school_id, id, last_name, first_name)
            VALUES ($1, gen_random_uuid(), 'Иванова', 'Мария') RETURNING id
            """, [String(school)]
        ).first!
        try owner.query("INSERT INTO user_roles VALUES ($1, $2, 'administrator')", [String(school), admin])
        try owner.query("INSERT INTO staff (school_id, id) VALUES ($1, $2)", [String(school), admin])
        let client = try server.session(of: admin, school: school, roles: ["administrator"])
        return Opened(id: school, admin: admin, client: client, owner: owner)
    }

    private struct Opened {
        let id: Int
        let admin: String
        let client: TestClient
        let owner: BlockingConnection

        /// Runs a script; `:school` and `:admin` are replaced with the ids.
        func run(_ script: String) throws {
            try owner.execute(
                script.replacing(":school", with: String(id)).replacing(":admin", with: "'\(admin)'"))
        }

        /// The counts of the failed checks.
        func missing() throws -> [String: Int] {
            let answer = try client.get("/v1/school/readiness")
            #expect(answer.status == 200, "\(answer.text)")
            var missing: [String: Int] = [:]
            for check in answer.json["checks"]?.array ?? [] {
                let (code, count) = (check["code"]?.string ?? "", check["count"]?.int ?? -1)
                #expect(check["ok"]?.bool == (count == 0))
                if count > 0 { missing[code] = count }
            }
            let required = answer.json["checks"]?.array.filter {
                $0["required"]?.bool == true && $0["ok"]?.bool == false
            }
            #expect(answer.json["ready"]?.bool == required?.isEmpty)
            return missing
        }
    }

    private static let order = [
        "academic_year", "terms", "bells", "subjects", "categories", "attendance_codes", "classes",
        "classes_without_class_teacher", "classes_without_pupils", "sections", "sections_without_teacher",
        "timetable_collisions", "pupils_without_class", "pupils_outside_parts", "members_outside_class",
        "pupils_without_guardian", "staff_without_credentials",
        "families_without_credentials",
    ]

    @Test func emptySchoolLacksEverything() throws {
        let school = try open("empty", template: nil)
        let answer = try school.client.get("/v1/school/readiness")
        #expect(answer.json["checks"]?.array.map { $0["code"]?.string } == Self.order)
        #expect(answer.json["ready"]?.bool == false)
        #expect(answer.json["academic_year"]?.isNull == true)
        #expect(
            try school.missing() == [
                "academic_year": 1, "subjects": 1, "categories": 1, "attendance_codes": 5, "classes": 1, "sections": 1,
            ])
    }

    @Test func templateLacksClassesAndSections() throws {
        let school = try open("template", template: .russian, year: 2025)
        #expect(try school.missing() == ["classes": 1, "sections": 1])
        let answer = try school.client.get("/v1/school/readiness")
        #expect(answer.json["academic_year"]?["name"]?.string == "2025/2026")
    }

    /// Step by step from a template to the first lesson.
    @Test func eachStepOfTheSetUpRemovesItsCheck() throws {
        let school = try open("steps", template: .russian, year: 2025)
        let year = "(SELECT id FROM academic_years WHERE school_id = :school)"
        let pupil = "(SELECT id FROM users WHERE school_id = :school AND last_name = 'Ученик')"
        let guardian = "(SELECT id FROM users WHERE school_id = :school AND last_name = 'Мать')"
        let code = "(SELECT id FROM classes WHERE school_id = :school)"
        let steps: [(script: String, missing: [String: Int])] = [
            (
                """
                INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
                VALUES (:school, gen_random_uuid(), \(year), 7, 'А', '7А')
                """,
                ["sections": 1, "classes_without_class_teacher": 1, "classes_without_pupils": 1]
            ),
            (
                """
                INSERT INTO users (school_id, id, last_name, first_name)
                VALUES (:school, gen_random_uuid(), 'Ученик', 'Иван');
                INSERT INTO user_roles (school_id, user_id, role) VALUES (:school, \(pupil), 'student');
                INSERT INTO students (school_id, id) VALUES (:school, \(pupil));
                """,
                [
                    "sections": 1, "classes_without_class_teacher": 1, "classes_without_pupils": 1,
                    "pupils_without_class": 1,
                ]
            ),
            (
                """
                INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
                VALUES (:school, gen_random_uuid(), \(pupil), \(code), '2025-09-01')
                """,
                [
                    "sections": 1, "classes_without_class_teacher": 1, "pupils_without_guardian": 1,
                    "families_without_credentials": 1,
                ]
            ),
            // A3: a guardian without access reads nothing.
            (
                """
                INSERT INTO users (school_id, id, last_name, first_name)
                VALUES (:school, gen_random_uuid(), 'Мать', 'Анна');
                INSERT INTO guardians (school_id, id) VALUES (:school, \(guardian));
                INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on)
                VALUES (:school, gen_random_uuid(), \(guardian), \(pupil), 'mother', 'none', '2025-09-01');
                """,
                [
                    "sections": 1, "classes_without_class_teacher": 1, "pupils_without_guardian": 1,
                    "families_without_credentials": 1,
                ]
            ),
            (
                "UPDATE guardianships SET access = 'full' WHERE school_id = :school",
                ["sections": 1, "classes_without_class_teacher": 1, "families_without_credentials": 1]
            ),
            // An expired code does not count.
            (
                """
                UPDATE users SET state = 'issued' WHERE school_id = :school AND last_name = 'Мать';
                INSERT INTO activation_codes (school_id, id, user_id, code_hash, expires_at)
                VALUES (:school, gen_random_uuid(), \(guardian), '\\x00', now() - interval '1 minute');
                """,
                ["sections": 1, "classes_without_class_teacher": 1, "families_without_credentials": 1]
            ),
            (
                "UPDATE activation_codes SET expires_at = now() + interval '1 day' WHERE school_id = :school",
                ["sections": 1, "classes_without_class_teacher": 1]
            ),
            (
                """
                INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on)
                VALUES (:school, gen_random_uuid(), \(code), :admin, '2025-09-01')
                """,
                ["sections": 1]
            ),
            (
                """
                INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name)
                SELECT :school, gen_random_uuid(), \(year), s.id, \(code), 'Алгебра 7А'
                FROM subjects s WHERE s.school_id = :school AND s.name = 'Алгебра'
                """,
                ["sections_without_teacher": 1]
            ),
            (
                """
                INSERT INTO section_teachers (school_id, id, section_id, teacher_id, starts_on)
                SELECT :school, gen_random_uuid(), id, :admin, '2025-09-01' FROM sections WHERE school_id = :school
                """,
                [:]
            ),
        ]
        for (number, step) in steps.enumerated() {
            try school.run(step.script)
            #expect(try school.missing() == step.missing, "step \(number + 1)")
        }
    }

    /// What is removed from a ready school, and what is then missing.
    @Test(
        arguments: [
            ("DELETE FROM terms WHERE school_id = :school AND kind = 'quarter' AND ordinal = 3", ["terms": 1]),
            ("UPDATE terms SET grade_levels = '{1,2,3}' WHERE school_id = :school AND kind = 'quarter'", ["terms": 1]),
            // The last day of the term is a Friday.
            (
                "UPDATE terms SET ends_on = ends_on - 1 WHERE school_id = :school AND ordinal = 1 AND kind = 'quarter'",
                ["terms": 1]
            ),
            ("DELETE FROM holidays WHERE school_id = :school AND name = 'Осенние каникулы'", ["terms": 1]),
            // The extra holidays of grade 1 do not matter for grade 7.
            ("DELETE FROM holidays WHERE school_id = :school AND grade_levels IS NOT NULL", [:]),
            // The bells of the second shift are enough, because no timetable decides the shift.
            ("DELETE FROM bell_schedules WHERE school_id = :school AND shift = 1", [:]),
            ("UPDATE bell_schedules SET grade_levels = '{1,2}' WHERE school_id = :school", ["bells": 1]),
            ("DELETE FROM bell_slots WHERE school_id = :school", ["bells": 1]),
            ("UPDATE categories SET archived_at = now() WHERE school_id = :school", ["categories": 1]),
            // Two codes mean absent.
            (
                "UPDATE attendance_codes SET archived_at = now() WHERE school_id = :school AND code IN ('Н', 'Б')",
                ["attendance_codes": 1]
            ),
            (
                "UPDATE academic_years SET state = 'closed' WHERE school_id = :school",
                ["academic_year": 1, "classes": 1, "sections": 1, "pupils_without_class": 1]
            ),
            (
                "UPDATE class_teachers SET ends_on = '2025-11-18' WHERE school_id = :school",
                ["classes_without_class_teacher": 1]
            ),
            ("UPDATE class_teachers SET ends_on = '2025-11-19' WHERE school_id = :school", [:]),
            (
                "UPDATE section_teachers SET ends_on = '2025-11-18' WHERE school_id = :school",
                ["sections_without_teacher": 1]
            ),
            // A student who has left is not counted as without a class.
            ("UPDATE enrollments SET ends_on = '2025-11-18' WHERE school_id = :school", ["classes_without_pupils": 1]),
            (
                "UPDATE guardianships SET ends_on = '2025-11-18' WHERE school_id = :school",
                ["pupils_without_guardian": 1, "families_without_credentials": 1]
            ),
            (
                "UPDATE activation_codes SET revoked_at = now() WHERE school_id = :school",
                ["families_without_credentials": 1]
            ),
            (
                "UPDATE users SET state = 'issued' WHERE school_id = :school AND last_name = 'Коллега'",
                ["staff_without_credentials": 1]
            ),
            ("UPDATE users SET state = 'blocked' WHERE school_id = :school AND last_name = 'Коллега'", [:]),
        ] as [(String, [String: Int])])
    func removedDataIsMissing(script: String, missing: [String: Int]) throws {
        let school = try open("ready-\(UInt(bitPattern: script.hashValue))", template: .russian, year: 2025)
        try school.run(
            """
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
            SELECT school_id, gen_random_uuid(), id, 7, 'А', '7А' FROM academic_years WHERE school_id = :school;
            INSERT INTO users (school_id, id, last_name, first_name, state, login, password_hash) VALUES
                (:school, gen_random_uuid(), 'Ученик', 'Иван', 'new', NULL, NULL),
                (:school, gen_random_uuid(), 'Мать', 'Анна', 'issued', NULL, NULL),
                (:school, gen_random_uuid(), 'Коллега', 'Ольга', 'active', 'colleague', 'hash');
            INSERT INTO user_roles (school_id, user_id, role)
            SELECT school_id, id, 'teacher' FROM users WHERE school_id = :school AND last_name = 'Коллега';
            INSERT INTO students (school_id, id)
            SELECT school_id, id FROM users WHERE school_id = :school AND last_name = 'Ученик';
            INSERT INTO guardians (school_id, id)
            SELECT school_id, id FROM users WHERE school_id = :school AND last_name = 'Мать';
            INSERT INTO activation_codes (school_id, id, user_id, code_hash, expires_at)
            SELECT school_id, gen_random_uuid(), id, '\\x00', now() + interval '1 day' FROM guardians
            WHERE school_id = :school;
            INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, starts_on)
            SELECT g.school_id, gen_random_uuid(), g.id, s.id, 'mother', '2025-09-01'
            FROM guardians g, students s WHERE g.school_id = :school AND s.school_id = :school;
            INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
            SELECT s.school_id, gen_random_uuid(), s.id, c.id, '2025-09-01'
            FROM students s, classes c WHERE s.school_id = :school AND c.school_id = :school;
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on)
            SELECT school_id, gen_random_uuid(), id, :admin, '2025-09-01' FROM classes WHERE school_id = :school;
            INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name)
            SELECT c.school_id, gen_random_uuid(), c.academic_year_id, s.id, c.group_id, 'Алгебра 7А'
            FROM classes c, subjects s
            WHERE c.school_id = :school AND s.school_id = :school AND s.name = 'Алгебра';
            INSERT INTO section_teachers (school_id, id, section_id, teacher_id, starts_on)
            SELECT school_id, gen_random_uuid(), id, :admin, '2025-09-01' FROM sections WHERE school_id = :school;
            """)
        #expect(try school.missing() == [:])
        try school.run(script)
        #expect(try school.missing() == missing)
    }

    /// The timetable decides which shift's bells the class needs.
    @Test func timetableDecidesWhichBellsAreNeeded() throws {
        let school = try open("shifts", template: .russian, year: 2025)
        try school.run(
            """
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
            SELECT school_id, gen_random_uuid(), id, 3, 'А', '3А' FROM academic_years WHERE school_id = :school;
            INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name)
            SELECT c.school_id, gen_random_uuid(), c.academic_year_id, s.id, c.group_id, 'Музыка 3А'
            FROM classes c, subjects s WHERE c.school_id = :school AND s.school_id = :school AND s.name = 'Музыка';
            INSERT INTO timetable_entries (school_id, id, section_id, bell_schedule_id, weekday, slot, starts_on)
            SELECT s.school_id, gen_random_uuid(), s.id, b.id, 1, 1, '2025-09-01'
            FROM sections s, bell_schedules b WHERE s.school_id = :school AND b.school_id = :school AND b.shift = 2;
            """)
        #expect(try school.missing()["bells"] == nil)
        try school.run("UPDATE bell_schedules SET grade_levels = '{6}' WHERE school_id = :school AND shift = 2")
        #expect(try school.missing()["bells"] == 1)
    }

    /// A student joins a group whose lessons are at the same time as those of the class.
    @Test func L1_membershipsThatCollideAreCounted() throws {
        let school = try open("collisions", template: .russian, year: 2025)
        try school.run(
            """
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
            SELECT school_id, gen_random_uuid(), id, 7, 'А', '7А' FROM academic_years WHERE school_id = :school;
            INSERT INTO users (school_id, id, last_name, first_name) VALUES (:school, gen_random_uuid(), 'Ученик', 'Иван');
            INSERT INTO students (school_id, id)
            SELECT school_id, id FROM users WHERE school_id = :school AND last_name = 'Ученик';
            INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
            SELECT s.school_id, gen_random_uuid(), s.id, c.id, '2025-09-01'
            FROM students s, classes c WHERE s.school_id = :school AND c.school_id = :school;
            INSERT INTO groups (school_id, id, academic_year_id, kind, name)
            SELECT school_id, gen_random_uuid(), id, 'cross', 'Хор' FROM academic_years WHERE school_id = :school;
            INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name)
            SELECT g.school_id, gen_random_uuid(), g.academic_year_id, s.id, g.id, 'Музыка ' || g.name
            FROM groups g, subjects s WHERE g.school_id = :school AND s.school_id = :school AND s.name = 'Музыка';
            INSERT INTO timetable_entries (school_id, id, section_id, bell_schedule_id, weekday, slot, starts_on)
            SELECT s.school_id, gen_random_uuid(), s.id, b.id, 1, 1, '2025-09-01'
            FROM sections s, (SELECT id FROM bell_schedules WHERE school_id = :school ORDER BY id LIMIT 1) b
            WHERE s.school_id = :school;
            """)
        #expect(try school.missing()["timetable_collisions"] == nil)
        try school.run(
            """
            INSERT INTO group_members (school_id, id, group_id, student_id, starts_on)
            SELECT g.school_id, gen_random_uuid(), g.id, s.id, '2025-12-01'
            FROM groups g, students s WHERE g.school_id = :school AND s.school_id = :school AND g.kind = 'cross';
            """)
        #expect(try school.missing()["timetable_collisions"] == 2)
        try school.run("UPDATE timetable_entries SET ends_on = '2025-11-30' WHERE school_id = :school")
        #expect(try school.missing()["timetable_collisions"] == nil)
    }

    /// English is taught to two parts of the class, and the student is in none of them, or only before the enrollment.
    @Test func L5_studentsOutsidePartsAreListed() throws {
        let school = try open("parts", template: .russian, year: 2025)
        try school.run(
            """
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
            SELECT school_id, gen_random_uuid(), id, 7, 'А', '7А' FROM academic_years WHERE school_id = :school;
            INSERT INTO users (school_id, id, last_name, first_name) VALUES (:school, gen_random_uuid(), 'Ученик', 'Иван');
            INSERT INTO students (school_id, id)
            SELECT school_id, id FROM users WHERE school_id = :school AND last_name = 'Ученик';
            INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
            SELECT s.school_id, gen_random_uuid(), s.id, c.id, '2025-09-01'
            FROM students s, classes c WHERE s.school_id = :school AND c.school_id = :school;
            INSERT INTO groups (school_id, id, academic_year_id, kind, name, grade_level, class_id)
            SELECT school_id, gen_random_uuid(), academic_year_id, 'part', 'Английский, ' || n, 7, id
            FROM classes, generate_series(1, 2) n WHERE school_id = :school;
            INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name)
            SELECT g.school_id, gen_random_uuid(), g.academic_year_id, s.id, g.id, g.name
            FROM groups g, subjects s
            WHERE g.school_id = :school AND g.kind = 'part' AND s.school_id = :school AND s.name = 'Английский язык';
            """)
        #expect(try school.missing()["pupils_outside_parts"] == 1)
        let listed = try school.client.get("/v1/school/readiness").json
        #expect(listed["outside_parts"]?.array.count == 1 && listed["outside_class"]?.array.isEmpty == true)
        let member = """
            INSERT INTO group_members (school_id, id, group_id, student_id, starts_on)
            SELECT g.school_id, gen_random_uuid(), g.id, s.id, '2025-09-01'
            FROM groups g, students s WHERE g.school_id = :school AND s.school_id = :school AND g.name = 'Английский, 1';
            """
        try school.run(member)
        #expect(try school.missing()["pupils_outside_parts"] == nil)
        // As in a school from before the rule
        let superuser = try BlockingConnection(url: server.database.superuserURL)
        try superuser.execute(
            """
            SET session_replication_role = replica;
            UPDATE group_members SET starts_on = '2025-08-01'
            WHERE school_id = \(school.id) AND group_id IN (SELECT id FROM groups WHERE kind = 'part');
            """)
        #expect(try school.missing()["members_outside_class"] == 1)
        let outside = try school.client.get("/v1/school/readiness").json["outside_class"]
        #expect(outside?.array.count == 1 && outside?[0]?["student_id"]?.string != nil)
    }

    @Test func sixthDayNeedsATermToo() throws {
        let school = try open("saturdays", template: .russian, year: 2025)
        try school.run(
            """
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
            SELECT school_id, gen_random_uuid(), id, 10, 'А', '10А' FROM academic_years WHERE school_id = :school;
            UPDATE terms SET ends_on = '2025-12-26', marks_close_on = '2025-12-26'
            WHERE school_id = :school AND kind = 'semester' AND ordinal = 1;
            UPDATE holidays SET starts_on = '2025-12-28' WHERE school_id = :school AND name = 'Зимние каникулы';
            """)
        #expect(try school.missing()["terms"] == nil)
        try school.run("UPDATE school_settings SET six_day_grade_levels = '{10}' WHERE school_id = :school")
        #expect(try school.missing()["terms"] == 1)
    }

    /// In August the next year is checked, on its first day.
    @Test func nextYearIsCheckedOnItsFirstDay() throws {
        let school = try open("coming", template: .russian, year: 2026)
        let answer = try school.client.get("/v1/school/readiness")
        #expect(answer.json["academic_year"]?["name"]?.string == "2026/2027")
        try school.run(
            """
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
            SELECT school_id, gen_random_uuid(), id, 7, 'А', '7А' FROM academic_years WHERE school_id = :school;
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on)
            SELECT school_id, gen_random_uuid(), id, :admin, '2026-09-01' FROM classes WHERE school_id = :school;
            """)
        #expect(try school.missing()["classes_without_class_teacher"] == nil)
    }

    @Test func demoSchoolIsReady() throws {
        let answer = try server.client("deputy").get("/v1/school/readiness")
        #expect(answer.json["ready"]?.bool == true, "\(answer.text)")
        let families = answer.json["checks"]?.array.first { $0["code"]?.string == "families_without_credentials" }
        // Neither the student nor a guardian with access has an account.
        let pupils = try owner.query(
            """
            SELECT count(*) FROM enrollments e JOIN schools s ON s.id = e.school_id AND s.code = 'lyceum29'
            WHERE e.starts_on <= $1::date AND coalesce(e.ends_on, 'infinity') >= $1::date
                AND NOT EXISTS (
                    SELECT FROM users u WHERE u.school_id = e.school_id AND u.state = 'active' AND (
                        u.id = e.student_id OR u.id IN (
                            SELECT g.guardian_id FROM guardianships g
                            WHERE g.school_id = e.school_id AND g.student_id = e.student_id AND g.access = 'full'
                        )
                    )
                )
            """, [TestServer.today]
        ).first
        #expect(families?["count"]?.int.map { String($0) } == pupils)
    }

    @Test func detailIsInTheLanguageOfTheRequest() throws {
        var client = try open("languages", template: nil).client
        func details(_ language: String?) throws -> [String] {
            client.language = language
            let answer = try client.get("/v1/school/readiness")
            #expect(answer["Content-Language"] == (language ?? "ru"))
            #expect(answer["Cache-Control"] == "private, no-store")
            return answer.json["checks"]?.array.compactMap { $0["detail"]?.string } ?? []
        }
        let russian = try details(nil)
        #expect(russian[0] == "Нет учебного года.")
        #expect(russian[5] == "Виды пропусков без обозначения: 5.")
        let english = try details("en")
        #expect(english[0] == "There is no academic year.")
        #expect(english[5] == "Kinds of absence without a code: 5.")
        #expect(english.allSatisfy { $0.utf8.allSatisfy { $0 < 128 } } && english.count == Self.order.count)
        #expect(!(russian + english).contains { $0.contains("{") })
    }

    @Test func othersAreRefused() throws {
        for login in ["teacher", "parent", "student"] {
            #expect(try server.client(login).get("/v1/school/readiness").status == 403)
        }
        #expect(try server.client("head").get("/v1/school/readiness?year=1").code == "unknown_parameter")
    }
}
