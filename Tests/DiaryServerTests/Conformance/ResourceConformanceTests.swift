import Diary
import DiaryServer
import DiaryTestSupport
import HTTP1
import JSON
import Postgres
import TestSupport
import Testing
import Web

/// What is promised of every declared noun, asked of each of them with its fixture. What is special about a noun stands in
/// tests of its own.
@Suite(.serialized) struct ResourceConformanceTests {
    @Test func everyDeclaredNounHasAFixture() {
        #expect(Set(Routes.declared.map { $0.noun }) == Set(ResourceFixture.all.keys))
    }

    /// Each constraint that a body can break leads to a field, by its name or because the noun declares it.
    @Test func everyConstraintHasAFieldOrARefusal() async throws {
        let owner = try await DeclaredSchool.shared.value.server.owner()
        for resource in Routes.declared {
            let written = Set(
                resource.fields.flatMap { Self.columns(of: $0) } + [resource.parent?.column].compactMap { $0 })
            let known = Set(resource.fields.map { $0.name } + [resource.identity].compactMap { $0 })
            for (constraint, refusal) in resource.refusals {
                #expect(known.contains(refusal.field), "\(resource.noun): \(constraint) points at \(refusal.field)")
            }
            for row in try owner.query(Self.constraints, ["{\(resource.tables.joined(separator: ","))}"]).rows {
                let constraint = try #require(row[0])
                let columns = Set((row[2] ?? "").split(separator: ",").map { String($0) })
                // A new id is free, and a client writes no other columns than those of fields.
                guard row[3] == "x" || !columns.contains("id") && !columns.isDisjoint(with: written) else { continue }
                let isKnown =
                    resource.refusals[constraint] != nil || resource.field(of: constraint) != nil
                    || resource.isOfParent(constraint)
                #expect(isKnown, "\(resource.noun): nobody knows which field \(constraint) is about")
            }
        }
    }

    private static func columns(of field: ResourceField) -> [String] {
        if case .rows(let fields, _) = field.rule { return fields.map { $0.name } }
        return field.isColumn ? [field.name] : []
    }

    /// Name, table, columns and kind; `x` for an exclusion, whose columns are partly expressions.
    private static let constraints = """
        SELECT c.conname, c.conrelid::regclass::text, (
                SELECT string_agg(a.attname, ',')
                FROM unnest(c.conkey) AS k (number)
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
            ), c.contype
        FROM pg_constraint c
        WHERE c.contype IN ('f', 'u', 'c', 'x') AND c.conrelid::regclass::text = ANY ($1::text[])
        UNION ALL
        SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, (
                SELECT string_agg(a.attname, ',')
                FROM unnest(i.indkey) AS k (number)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
            ), 'u'
        FROM pg_index i
        WHERE i.indisunique AND NOT i.indisprimary AND i.indrelid::regclass::text = ANY ($1::text[])
            AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
        """

    @Test(arguments: Routes.declared.map { $0.noun }) func theNounKeepsWhatIsPromised(_ noun: String) async throws {
        let resource = try #require(Routes.declared.first { $0.noun == noun })
        let fixture = try #require(ResourceFixture.all[noun], "\(noun) has no fixture")
        let school = try await DeclaredSchool.shared.value
        try NounConformance(resource, fixture, school).check()
        #expect(school.server.warnings.all == [], "PostgreSQL warns")
    }
}

/// One noun's way through its operations.
private struct NounConformance {
    let resource: Resource
    let fixture: ResourceFixture
    let school: DeclaredSchool
    let client: TestClient
    let path: String

    init(_ resource: Resource, _ fixture: ResourceFixture, _ school: DeclaredSchool) {
        self.resource = resource
        self.fixture = fixture
        self.school = school
        client = school.client
        path = school.filled(fixture.path.map { "/v1/\($0)" } ?? resource.path)
    }

    func check() throws {
        let made = try (1...3).map { try make($0) }
        let first = "\(path)/\(made[0].json["id"]!.string!)"
        try read(first, made[0])
        try refuseFields(first, made[0].json)
        try refuse()
        if resource.operations.contains(.list) {
            try page(made.map { $0.json["id"]!.string! })
            try filter(made[0].json)
        }
        try change(first, made[0])
        if resource.isArchivable { try archive(first, made[0].json["id"]!.string!) }
        try isHiddenFromTheOtherSchool()
        try delete(first)
    }

    private func make(_ row: Int) throws -> TestClient.Answer {
        let answer = try client.post(path, json: school.filled(fixture.body, row: row))
        try #require(answer.status == 201, "\(answer.text)")
        let id = try #require(answer.json["id"]?.string)
        #expect(answer["Location"]?.hasSuffix("\(path)/\(id)") == true)
        #expect(answer["ETag"]?.hasPrefix("\"v") == true)
        #expect(answer.json["version"]?.int != nil)
        #expect(Set(resource.fields.map { $0.name }).isSubset(of: Set(answer.json.keys)))
        return answer
    }

    private func read(_ row: String, _ made: TestClient.Answer) throws {
        let answer = try client.get(row)
        #expect(answer.status == 200)
        #expect(answer.text == made.text)
        let tag = try #require(answer["ETag"])
        #expect(tag == made["ETag"])
        #expect(try client.get(row, headers: [("If-None-Match", tag)]).status == 304)
        #expect(try client.get("\(path)/\(DemoSchoolIDs.nothing)").status == 404)
        #expect(try client.get("\(path)/x").status == 404)
    }

    private func refuseFields(_ row: String, _ made: JSONValue) throws {
        let body = school.filled(fixture.body, row: 9).dropFirst()
        #expect(try errors(client.post(path, json: #"{"colour": "red", "# + body)).contains("/colour unknown_field"))
        #expect(try errors(patch(row, #"{"colour": "red"}"#)) == ["/colour unknown_field"])
        for field in resource.fields {
            let member = #""\#(field.name)": null"#
            if field.isReadOnly {
                #expect(
                    try errors(client.post(path, json: "{\(member), " + body)).contains(
                        "/\(field.name) read_only_field"))
            }
            if field.isReadOnly || field.isFixed {
                let code = field.isReadOnly ? "read_only_field" : "fixed_field"
                #expect(try errors(patch(row, "{\(member)}")) == ["/\(field.name) \(code)"])
            }
        }
    }

    private func refuse() throws {
        for (constraint, refused) in fixture.refused {
            #expect(
                resource.refusals[constraint] != nil || resource.field(of: constraint) != nil,
                "\(constraint) is no constraint of \(resource.noun)")
            let answer = try client.post(path, json: school.filled(refused.body, row: 9))
            #expect(answer.status == refused.status, "\(constraint): \(answer.text)")
            #expect(errors(answer) == [refused.error], "\(constraint)")
        }
        let tried = Set(fixture.refused.keys).union(fixture.unreached.keys)
        #expect(Set(resource.refusals.keys).subtracting(tried) == [], "declared refusals that nothing provokes")
    }

    private func page(_ made: [String]) throws {
        let whole = try client.get("\(path)?limit=200&include=total")
        try #require(whole.status == 200, "\(whole.text)")
        let ids = whole.json["items"]!.array.compactMap { $0["id"]?.string }
        #expect(whole.json["total"]?.int == ids.count)
        #expect(whole.json["next_cursor"]?.isNull == true)
        #expect(Set(made).isSubset(of: Set(ids)))
        var seen: [String] = []
        var cursor = ""
        let limit = max(1, ids.count / 4)
        repeat {
            let answer = try client.get("\(path)?limit=\(limit)\(cursor)")
            try #require(answer.status == 200, "\(answer.text)")
            #expect((answer["Link"] == nil) == (answer.json["next_cursor"]?.isNull == true))
            seen += answer.json["items"]!.array.compactMap { $0["id"]?.string }
            cursor = answer.json["next_cursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        #expect(seen == ids)
        #expect(try client.get("\(path)?cursor=00").status == 400)
        #expect(try client.get("\(path)?colour=red").status == 400)
    }

    private func filter(_ made: JSONValue) throws {
        for filter in resource.filters {
            #expect(try listed("?\(filter.name)=\(DemoSchoolIDs.nothing)").isEmpty, "\(filter.name)")
            #expect(try client.get("\(path)?\(filter.name)=x").status == 400, "\(filter.name)")
            guard let value = made[filter.name]?.string else { continue }
            #expect(try listed("?limit=200&\(filter.name)=\(value)").contains(made["id"]!.string!), "\(filter.name)")
        }
        if resource.isSearchedByName, let name = made["last_name"]?.string {
            #expect(try listed("?q=\(PercentEncoding.encode(name.lowercased()))") == [made["id"]!.string!])
        }
    }

    private func change(_ row: String, _ made: TestClient.Answer) throws {
        let change = try JSONValue(parsing: Array(school.filled(fixture.change).utf8))
        let body = school.filled(fixture.change)
        #expect(try client.patch(row, json: body).status == 428)
        #expect(try patch(row, body, "\"v999\"").status == 412)
        #expect(try client.get(row).text == made.text)
        #expect(try patch("\(path)/\(DemoSchoolIDs.nothing)", body).status == 404)

        let changed = try patch(row, body, made["ETag"]!)
        try #require(changed.status == 200, "\(changed.text)")
        for name in made.json.keys where name != "version" {
            let isChanged = change[name] != nil
            #expect((changed.json[name] != made.json[name]) == isChanged, "\(name)")
        }
        #expect(changed.json["version"]!.int! > made.json["version"]!.int!)
        #expect(changed["ETag"] != made["ETag"])
        #expect(try client.get(row).text == changed.text)
        #expect(try patch(row, body, made["ETag"]!).status == 412)
        // Nothing new is no new version.
        #expect(try patch(row, "{}").json["version"] == changed.json["version"])
    }

    private func archive(_ row: String, _ id: String) throws {
        let isListed = resource.operations.contains(.list)
        #expect(try patch(row, #"{"archived": true}"#).json["archived"]?.bool == true)
        if isListed {
            #expect(try !listed("?limit=200").contains(id))
            #expect(try listed("?limit=200&archived=true").contains(id))
            #expect(try client.get("\(path)?archived=maybe").status == 400)
        }
        #expect(try patch(row, #"{"archived": false}"#).json["archived"]?.bool == false)
        if isListed { #expect(try listed("?limit=200").contains(id)) }
    }

    private func isHiddenFromTheOtherSchool() throws {
        let strange = school.filled(fixture.path.map { "/v1/\($0)" } ?? resource.path, other: true)
        let made = try school.otherClient.post(strange, json: school.filled(fixture.body, other: true))
        try #require(made.status == 201, "\(made.text)")
        let id = try #require(made.json["id"]?.string)
        for collection in [path, strange] {
            #expect(try client.get("\(collection)/\(id)").status == 404)
            #expect(try patch("\(collection)/\(id)", "{}").status == 404)
            if resource.operations.contains(.delete) { #expect(try delete("\(collection)/\(id)", "*") == 404) }
        }
        #expect(try school.otherClient.get("\(strange)/\(id)").text == made.text)
        guard resource.parent != nil else { return }
        #expect(try client.get(strange).status == 404)
        #expect(try client.post(strange, json: school.filled(fixture.body)).status == 404)
    }

    private func delete(_ row: String) throws {
        guard resource.operations.contains(.delete) else { return }
        #expect(try delete(row, nil) == 428)
        #expect(try delete(row, "\"v999\"") == 412)
        #expect(try client.get(row).status == 200)
        #expect(try delete(row, client.get(row)["ETag"]) == 204)
        #expect(try client.get(row).status == 404)
        #expect(try delete(row, "*") == 404)
    }

    private func listed(_ query: String) throws -> [String] {
        try client.get(path + query).json["items"]?.array.compactMap { $0["id"]?.string } ?? ["no list"]
    }

    private func patch(_ row: String, _ json: String, _ tag: String = "*") throws -> TestClient.Answer {
        try client.patch(row, json: json, headers: [("If-Match", tag)])
    }

    private func delete(_ row: String, _ tag: String?) throws -> Int {
        try client.send("DELETE", row, headers: tag.map { [("If-Match", $0)] } ?? []).status
    }

    private func errors(_ answer: TestClient.Answer) -> [String] {
        (answer.json["errors"]?.array ?? []).map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
    }
}
