import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// Final marks, averages and goals over the API, in a small school whose figures are worked out by hand. Today is 15
/// October 2026.
@Suite(.serialized) struct FinalsTests {
    let school: RuleSchool
    let server: TestServer
    let teacher: TestClient
    let mother: TestClient

    /// Anna has a 5 that counts twice, a 4 and a 3 in maths: 17 / 4.
    init() async throws {
        let database = try TestDatabase(.migrated)
        school = try RuleSchool(in: database)
        try school.run(RuleSchool.update("line_items", RuleKey.recent.column, "weight = 2"))
        try school.today("2026-10-10")
        try school.run(
            RuleSchool.mark(.anna, at: .old, .number(3)) + RuleSchool.mark(.anna, at: .substituted, .number(4)))
        try school.today("2026-10-15")
        try school.run(
            RuleSchool.mark(.anna, at: .recent, .number(5)) + RuleSchool.guardianship(.mother, from: "2026-09-01"))
        try school.commit()
        server = try await TestServer(over: database, today: "2026-10-15")
        teacher = try server.session(of: RuleKey.teacher.uuid, school: school.id, roles: ["teacher"])
        mother = try server.session(of: RuleKey.mother.uuid, school: school.id, roles: ["guardian"])
    }

    private var path: String { "/v1/sections/\(RuleKey.maths7.uuid)/finals" }
    private var annas: String { "/v1/students/\(RuleKey.anna.uuid)" }

    private static let four = #"{"kind": "number", "number": 4}"#
    private static let five = #"{"kind": "number", "number": 5}"#
    private static let notAssessed = #"{"kind": "code", "code": "not_assessed"}"#

    private func item(
        _ pupil: RuleKey = .anna, _ value: String = four, version: Int = 0, kind: String = "term",
        term: RuleKey? = .quarter1, _ more: String = ""
    ) -> String {
        """
        {"student_id": "\(pupil.uuid)", "kind": "\(kind)", "term_id": \(term.map { "\"\($0.uuid)\"" } ?? "null"),
        "value": \(value), "version": \(version)\(more)}
        """
    }

    private func put(_ items: String..., query: String = "", as client: TestClient? = nil) throws -> TestClient.Answer {
        try (client ?? teacher).put(path + query, json: #"{"finals": [\#(items.joined(separator: ","))]}"#)
    }

    private func error(_ answer: TestClient.Answer) -> String {
        let first = answer.json["errors"]?[0]
        return "\(answer.status) \(first?["pointer"]?.string ?? "") \(first?["code"]?.string ?? answer.code ?? "")"
    }

    /// As another transaction of the server's role.
    private func write(_ sql: String) throws {
        try school.run("BEGIN")
        try school.enter()
        try school.run(sql)
        try school.commit()
    }

    private func student(_ pupil: RuleKey, _ query: String = "?term_id=\(RuleKey.quarter1.uuid)") throws -> JSONValue {
        let answer = try teacher.get(path + query)
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(answer.json["students"]?.array.first { $0["id"]?.string == pupil.uuid })
    }

    /// Anna's final marks in maths, as the family sees them.
    private func seen(_ subject: RuleKey = .maths) throws -> JSONValue? {
        let answer = try mother.get(annas + "/finals")
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json["subjects"]?.array.first { $0["id"]?.string == subject.uuid }
    }

    // MARK: The teacher's list

    @Test func m6m7ListShowsTheBasisAndASuggestion() throws {
        let anna = try student(.anna)
        #expect(anna["average"]?.text == "4.25" && anna["plain_average"]?.text == "4.00")
        #expect(anna["weighted_sum"]?.text == "17.00" && anna["weight_sum"]?.text == "4.00")
        #expect(anna["marks"]?.int == 3 && anna["minimum"]?.int == 3)
        #expect(anna["suggestions"]?["term"]?["number"]?.int == 4)
        #expect(anna["lessons"]?.int == 3 && anna["missed"]?.int == 0)
        let boris = try student(.boris)
        #expect(boris["average"]?.isNull == true && boris["suggestions"]?["term"]?["code"]?.string == "not_assessed")
        // 40 of 54 days: 3 x 40 / 54 = 2.2.
        #expect(try student(.leaver)["minimum"]?.int == 3)
        let list = try teacher.get(path + "?term_id=\(RuleKey.quarter1.uuid)").json
        #expect(list["periods"]?[0]?["editable_until"]?.string == "2026-10-28")
        #expect(list["periods"]?[0]?["locked_reason"]?.isNull == true)
        #expect(list["students"]?.array.count == 4)
        #expect(
            try teacher.get(path).json["periods"]?.array.compactMap { $0["kind"]?.string } == [
                "term", "term", "term", "year", "exam", "final",
            ])
        #expect(
            error(try teacher.get(path + "?term_id=\(RuleKey.semester1.uuid)")) == "400 /query/term_id unknown_term")
    }

    @Test func m6ThresholdOfTheSchoolDecides() throws {
        try write("UPDATE school_settings SET rounding_threshold = 0.25 WHERE school_id = \(school.id)")
        #expect(try student(.anna)["suggestions"]?["term"]?["number"]?.int == 5)
        try write("UPDATE school_settings SET rounding_threshold = 0.26 WHERE school_id = \(school.id)")
        #expect(try student(.anna)["suggestions"]?["term"]?["number"]?.int == 4)
    }

    @Test func m11YearIsSuggestedFromTheTermsAndTheExam() throws {
        func give(_ kind: String, _ term: RuleKey?, _ number: Int) throws {
            try write(RuleSchool.final(.anna, kind, term, .number(number)))
        }
        try give("term", .quarter1, 3)
        try give("term", .quarter2, 4)
        #expect(try student(.anna, "")["suggestions"]?["year"]?.isNull == true)
        // 3 + 4 + 4 = 11, and 11 / 3 = 3.67.
        try give("term", .quarter3, 4)
        #expect(try student(.anna, "")["suggestions"]?["year"]?["number"]?.int == 4)
        #expect(try student(.anna, "")["suggestions"]?["final"]?.isNull == true)
        try give("year", nil, 4)
        #expect(try student(.anna, "")["suggestions"]?["final"]?["number"]?.int == 4)
        // (4 + 3) / 2 = 3.5, rounded half up.
        try give("exam", nil, 3)
        #expect(try student(.anna, "")["suggestions"]?["final"]?["number"]?.int == 4)
        try write("UPDATE final_marks SET number = 2 WHERE school_id = \(school.id) AND kind = 'exam'")
        #expect(try student(.anna, "")["suggestions"]?["final"]?["number"]?.int == 3)
    }

    // MARK: Writing

    @Test func m5m7BatchIsAllOrNothing() throws {
        let refused = try put(item(), item(.boris, Self.notAssessed))
        #expect(error(refused) == "409 /finals/1 reason_required", "\(refused.text)")
        #expect(try student(.anna)["finals"]?.array.isEmpty == true)

        let partial = try put(item(), item(.boris, Self.notAssessed), query: "?partial=true")
        #expect(
            partial.json["finals"]?.array.map { $0["status"]?.string } == ["applied", "refused"], "\(partial.text)")
        #expect(partial.json["finals"]?[0]?["average_at_the_time"]?.text == "4.25")
        #expect(partial.json["finals"]?[1]?["problem"]?["code"]?.string == "reason_required")

        let stale = try put(item(.anna, Self.five))
        #expect(error(stale) == "409 /finals/0 stale_version")
        #expect(stale.json["errors"]?[0]?["current"]?["value"]?["number"]?.int == 4)
        #expect(stale.json["errors"]?[0]?["current"]?["version"]?.int == 1)
        // The same again changes nothing, whatever version it names.
        #expect(try put(item()).json["finals"]?[0]?["status"]?.string == "unchanged")
        let changed = try put(item(.anna, Self.five, version: 1))
        #expect(changed.json["finals"]?[0]?["version"]?.int == 2, "\(changed.text)")
        let reasoned = try put(item(.boris, Self.notAssessed, #", "reason": "Нет отметок""#))
        #expect(reasoned.status == 200, "\(reasoned.text)")
        #expect(try student(.boris)["finals"]?[0]?["reason"]?.string == "Нет отметок")
        let cleared = try put(item(.anna, "null", version: 2))
        #expect(cleared.json["finals"]?[0]?["version"]?.int == 3, "\(cleared.text)")
        #expect(try student(.anna)["finals"]?[0]?["value"]?.isNull == true)
    }

    @Test func finalsAreRefusedAtTheirPlace() throws {
        let reason = #", "reason": "Совет""#
        let former = try server.session(of: RuleKey.formerTeacher.uuid, school: school.id, roles: ["teacher"])
        let exempt = #"{"kind": "code", "code": "exempt"}"#
        let cases: [(String, String)] = [
            (item(.newcomer), "409 /finals/0 not_a_member"),
            (item(term: .semester1), "409 /finals/0 not_in_section"),
            (item(.anna, #"{"kind": "number", "number": 1}"#), "409 /finals/0 value_not_allowed"),
            (item(.anna, exempt), "409 /finals/0 order_required"),
            (item(.anna, exempt, #", "order_id": "\#(DemoSchoolIDs.nothing)""#), "409 /finals/0 order_required"),
            (item(kind: "year"), "422 /finals/0/term_id only_for_terms"),
            (item(kind: "year", term: nil, #", "exam_points": 80"#), "422 /finals/0/exam_points only_for_exams"),
            (item(kind: "exam", term: nil, #", "exam_points": 101"#), "422 /finals/0/exam_points out_of_range"),
            (item() + "," + item(), "422 /finals/1 duplicate_item"),
            (item(.anna, #"{"kind": "code", "code": "word"}"#), "422 /finals/0/value/code not_one_of"),
        ]
        for (items, wanted) in cases { #expect(error(try put(items)) == wanted) }
        #expect(error(try put(item(), as: former)) == "409 /finals/0 not_your_section")
        #expect(error(try teacher.put(path, json: #"{"finals": []}"#)).hasPrefix("422"))
        // M4
        let late = try put(
            item(.anna, Self.four, version: 0, kind: "exam", term: nil, reason + #", "exam_points": 71"#))
        #expect(late.status == 200 && late.json["finals"]?[0]?["exam_points"]?.int == 71, "\(late.text)")
        try write(RuleSchool.update("academic_years", .year, "state = 'closed'"))
        #expect(error(try put(item(kind: "year", term: nil))) == "409 /finals/0 edit_window_closed")
    }

    @Test func m1Grade2HasAYearMarkAndNoFinalMarkOfTheFirstHalf() throws {
        try write(
            """
            INSERT INTO section_teachers (school_id, id, section_id, teacher_id, starts_on) VALUES
                (\(school.id), \(RuleKey.new), \(RuleKey.maths2), \(RuleKey.teacher), '2026-09-01'),
                (\(school.id), \(RuleKey.other), \(RuleKey.maths1), \(RuleKey.teacher), '2026-09-01');
            """)
        func put(_ section: RuleKey, _ item: String) throws -> String {
            error(try teacher.put("/v1/sections/\(section.uuid)/finals", json: #"{"finals": [\#(item)]}"#))
        }
        let refused = "409 /finals/0 marks_not_allowed"
        #expect(try put(.maths2, item(.secondGrader, term: .quarter2)) == refused)
        #expect(try put(.maths2, item(.secondGrader, kind: "year", term: nil)) == "200  ")
        #expect(try put(.maths1, item(.firstGrader, kind: "year", term: nil)) == refused)
        let list = try teacher.get("/v1/sections/\(RuleKey.maths2.uuid)/finals").json["periods"]?.array ?? []
        #expect(
            list.map { $0["locked_reason"]?.string } == ["marks_not_allowed", "marks_not_allowed", nil, nil, nil, nil])
    }

    // MARK: Families

    @Test func m12FamilyReadsPublishedFinalMarks() throws {
        #expect(try put(item(.anna, Self.four, #", "published": false"#)).status == 200)
        #expect(try seen()?["finals"]?.array.isEmpty == true)
        #expect(try seen()?["running_term"]?["average"]?.text == "4.25")
        #expect(try put(item(.anna, Self.four, version: 1, #", "published": true"#)).status == 200)
        let final = try seen()?["finals"]?[0]
        #expect(final?["value"]?["number"]?.int == 4 && final?["term_id"]?.string == RuleKey.quarter1.uuid)
        #expect(final?["is_computed"]?.bool == false && final?["debt"]?.isNull == true)
        // A1
        for path in ["finals", "averages", "debts", "goals?subject_id=\(RuleKey.maths.uuid)&target=5"] {
            #expect(try mother.get("/v1/students/\(RuleKey.boris.uuid)/\(path)").status == 404)
        }
    }

    @Test func m11CompositeSubjectHasTheMeanOfItsParts() throws {
        let whole = RuleKey(44)
        try write(
            """
            INSERT INTO subjects (school_id, id, name) VALUES (\(school.id), \(whole), 'Филология');
            INSERT INTO subject_parts (school_id, id, academic_year_id, subject_id, part_id) VALUES
                (\(school.id), \(RuleKey.new), \(RuleKey.year), \(whole), \(RuleKey.english)),
                (\(school.id), \(RuleKey.other), \(RuleKey.year), \(whole), \(RuleKey.russian));
            """)
        #expect(try seen(whole)?["is_composite"]?.bool == true)
        #expect(try seen(whole)?["finals"]?.array.isEmpty == true)
        #expect(try seen(.english)?["part_of"]?.string == whole.uuid)
        try write(RuleSchool.final(.anna, "term", .quarter1, .number(3), subject: .russian))
        try write(RuleSchool.final(.anna, "year", nil, .number(4), subject: .english))
        // The other part has no mark of the year yet.
        #expect(try seen(whole)?["finals"]?.array.isEmpty == true)
        // (4 + 5) / 2 = 4.5, rounded half up.
        try write(RuleSchool.final(.anna, "year", nil, .number(5), subject: .russian))
        let finals = try seen(whole)?["finals"]?.array ?? []
        #expect(finals.count == 1 && finals[0]["kind"]?.string == "year" && finals[0]["value"]?["number"]?.int == 5)
        #expect(finals[0]["is_computed"]?.bool == true && finals[0]["version"]?.isNull == true)
    }

    @Test func a1AverageOfTheClassStandsForFiveStudents() throws {
        func terms() throws -> JSONValue? {
            let answer = try mother.get(annas + "/averages?term_id=\(RuleKey.quarter1.uuid)")
            #expect(answer.status == 200, "\(answer.text)")
            return answer.json["subjects"]?.array.first { $0["id"]?.string == RuleKey.maths.uuid }?["terms"]?[0]
        }
        try write(
            RuleSchool.mark(.boris, at: .recent, .number(4)) + RuleSchool.mark(.vera, at: .recent, .number(3))
                + RuleSchool.mark(.homePupil, at: .homeLesson, .number(5)))
        #expect(try terms()?["average"]?.text == "4.25" && terms()?["plain_average"]?.text == "4.00")
        #expect(try terms()?["class_average"]?.isNull == true)
        try write(
            """
            INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
            VALUES (\(school.id), \(RuleKey.new), \(RuleKey.newcomer), \(RuleKey.class7), '2026-10-12');
            """ + RuleSchool.mark(.newcomer, at: .recent, .number(2)))
        // (4.25 + 4 + 3 + 5 + 2) / 5 = 18.25 / 5
        #expect(try terms()?["class_average"]?.text == "3.65")
        // M12: one of the five marks is held back.
        try write("UPDATE marks SET published_at = NULL \(RuleSchool.cell(.newcomer, at: .recent))")
        #expect(try terms()?["class_average"]?.isNull == true)
    }

    @Test func m8Goals() throws {
        func goals(_ query: String) throws -> [String?] {
            let answer = try mother.get(annas + "/goals?subject_id=\(RuleKey.maths.uuid)&" + query)
            #expect(answer.status == 200, "\(answer.text)")
            return answer.json["goals"]?.array.map { "\($0["number"]!.text!):\($0["count"]?.text ?? "-")" } ?? []
        }
        // (17 + 5n) / (4 + n) >= 4.60: 0.4n >= 1.4; with the weight 2: 0.8n >= 1.4.
        #expect(try goals("target=5") == ["5:4"])
        #expect(try goals("target=5&weight=2") == ["5:2"])
        #expect(try goals("target=5&weight=100") == ["5:1"])
        #expect(try goals("target=4") == ["4:0", "5:0"])
        try write(RuleSchool.change(.anna, at: .recent, to: .number(2)))
        // 11 / 4 = 2.75. For 3.60: 0.4n >= 3.4, and 1.4n >= 3.4. For 4.60: no number of 4 is enough.
        #expect(try goals("target=4") == ["4:9", "5:3"])
        #expect(try goals("target=5") == ["5:19"])
        let cases = [
            ("target=5", "400 /query/subject_id required"),
            ("subject_id=\(RuleKey.maths.uuid)", "400 /query/target required"),
            ("subject_id=\(RuleKey.maths.uuid)&target=6", "400 /query/target out_of_range"),
            ("subject_id=\(RuleKey.maths.uuid)&target=5&weight=0.0", "400 /query/weight out_of_range"),
            ("subject_id=\(RuleKey.maths.uuid)&target=5&weight=", "400 /query/weight out_of_range"),
            ("subject_id=\(RuleKey.maths.uuid)&target=5&weight=100.01", "400 /query/weight out_of_range"),
        ]
        for (query, wanted) in cases { #expect(error(try mother.get(annas + "/goals?" + query)) == wanted) }
        #expect(try mother.get(annas + "/goals?subject_id=\(DemoSchoolIDs.nothing)&target=5").status == 404)
    }

    @Test func m11MarksOfEndedSubjectsAreCarriedToGrade9() throws {
        // Two years ago Anna was in grade 7, and had English and Russian; she is in grade 9 now, with maths only.
        try school.run("BEGIN")
        try school.enter()
        try school.run(
            """
            INSERT INTO academic_years (school_id, id, name, starts_on, ends_on, second_half_starts_on)
            VALUES (\(school.id), \(RuleKey(3)), '2028/29', '2028-09-01', '2029-05-31', '2029-01-11');
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
            VALUES (\(school.id), \(RuleKey(83)), \(RuleKey(3)), 9, 'А', '9А');
            INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name)
            VALUES (\(school.id), \(RuleKey(683)), \(RuleKey(3)), \(RuleKey.maths), \(RuleKey(83)), 'М9');
            UPDATE enrollments SET ends_on = '2027-05-31'
                WHERE school_id = \(school.id) AND id = \(RuleSchool.enrollment(.anna));
            INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
            VALUES (\(school.id), \(RuleKey.new), \(RuleKey.anna), \(RuleKey(83)), '2028-09-01');
            """
                + RuleSchool.final(.anna, "year", nil, .number(4), subject: .english)
                + RuleSchool.final(.anna, "year", nil, .number(3), subject: .maths))
        try school.commit()
        let carried = try mother.get(annas + "/finals?academic_year_id=\(RuleKey(3).uuid)").json["carried"]?.array ?? []
        #expect(carried.map { $0["subject"]?["id"]?.string } == [RuleKey.english.uuid])
        #expect(carried.first?["value"]?["number"]?.int == 4 && carried.first?["grade_level"]?.int == 7)
        #expect(try mother.get(annas + "/finals").json["carried"]?.array.isEmpty == true)
    }
}

extension JSONValue {
    /// The literal of a number.
    fileprivate var text: String? { if case .number(let text) = self { text } else { nil } }
}
