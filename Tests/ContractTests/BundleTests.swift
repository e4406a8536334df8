import Contract
import FoundationEssentials
import TestSupport
import Testing

/// openapi.yaml from its parts.
@Suite struct BundleTests {
    @Test func committedDocumentMatchesTheParts() throws {
        let document = try String(contentsOfFile: TestDatabase.repository + "/openapi.yaml", encoding: .utf8)
        let isSame = try Contract.bundle(TestDatabase.repository + "/openapi") == document
        #expect(isSame, "regenerate openapi.yaml with `lyceum openapi bundle`")
        #expect(document.hasPrefix("# Generated from the parts in openapi/ by `lyceum openapi bundle`."))
    }

    @Test func aDeclaredResourceGivesItsOperationsAndSchemas() throws {
        let document = try Parts().bundle()
        for line in [
            "  /v1/rooms:", "  /v1/rooms/{room_id}:", "      operationId: listRooms", "      operationId: createRoom",
            "      operationId: getRoom", "      operationId: updateRoom", "      operationId: deleteRoom",
            "    RoomRecord:", "    NewRoom:", "    RoomPatch:", "    RoomPage:",
            "      description: Where lessons are held. The list is by name. May be called by everybody who is signed in.",
            "          description: Sports hall. `false` when left out.",
            "      required: [id, name, capacity, shared, kind, owner, version]",
            "      required: [name, kind]",
            #"          type: [integer, "null"]"#,
            #"          pattern: "^[^\\u0000]*$""#,
            ##"        "428": { $ref: "#/components/responses/PreconditionRequired" }"##,
        ] {
            #expect(document.contains("\n\(line)\n"), "\(line)")
        }
        let schemas = document.split(separator: "\n\n")
        let new = try #require(schemas.first { $0.contains("    NewRoom:") })
        let patch = try #require(schemas.first { $0.contains("    RoomPatch:") })
        #expect(new.contains(" kind:") && !new.contains(" owner:"), "what is read-only is not written")
        #expect(patch.contains(" name:") && !patch.contains(" kind:"), "what is fixed is not changed")
    }

    @Test func resourceWithoutListHasNoPage() throws {
        let rooms = Parts.rooms.replacing("write: managers", with: "write: managers\n  without: [list, delete]")
        // Without a list there is no page, and a shared part that nothing uses is an error.
        #expect(try Parts.fault(["school/rooms.yaml": rooms]) == "openapi/: nothing refers to the parameter Cursor.")
    }

    @Test(arguments: [
        (Parts.rooms, "sorted: by name", "sorts: by name", "school/rooms.yaml, line 8: a resource has no sorts;"),
        (Parts.rooms, "maxLength: 100", "maxlength: 100", "school/rooms.yaml, line 13: a field has no maxlength;"),
        (Parts.rooms, "read: everybody", "read: nobody", "school/rooms.yaml, line 9: there are no callers nobody;"),
        (Parts.rooms, "name: \"214\", ", "", "school/rooms.yaml, line 11: the example has no name."),
        (Parts.rooms, "tag: School", "tag: Scool", "school/rooms.yaml, line 1: _root.yaml has no tag Scool."),
        (
            Parts.rooms, "kind: {", "kind: shared #",
            "school/rooms.yaml, line 16: a field must be a schema, or `shared` if"
        ),
        (
            Parts.health, "answers: read", "answers: reed",
            "service/health.yaml, line 9: there is no class of answers reed; _responses.yaml has command, read, write."
        ),
        (
            Parts.health, "      operationId: getLivez\n", "",
            "service/health.yaml, line 5: the operation has no operationId."
        ),
        (Parts.health, "getLivez", "listRooms", "service/health.yaml, line 5: there is another operation listRooms."),
        (
            Parts.health, "/livez:", "/v1/rooms:",
            "service/health.yaml, line 5: get /v1/rooms is in the contract twice."
        ),
        (Parts.health, "schema: Health", "schema: Helth", "service/health.yaml, line 11: there is no schema Helth."),
        (
            Parts.health, "headers: bare", "headers: none",
            "service/health.yaml, line 11: there is no set of headers none;"
        ),
        (
            Parts.health, "access: open", "access: shut",
            "service/health.yaml, line 8: access must be open, own_apps or programs."
        ),
        (Parts.health, "  Health:", "  Total:", "service/health.yaml, line 13: there is another schema Total."),
        (Parts.health, "summary: Is it alive", "summary: [", "service/health.yaml: not YAML: "),
        (
            Parts.health, "schema: Health", "description: It is.",
            "service/health.yaml: not YAML: Parser: expected all keys to be unique"
        ),
        (Parts.health, ", schema: Health", "", "nothing refers to the schema Health."),
    ])
    func faultsSayWhere(_ part: String, _ right: String, _ wrong: String, _ fault: String) throws {
        #expect(part.contains(right))
        let file = part == Parts.rooms ? "school/rooms.yaml" : "service/health.yaml"
        let told = try Parts.fault([file: part.replacing(right, with: wrong)])
        #expect(told.hasPrefix("openapi/\(fault)") || told.hasPrefix("openapi/: \(fault)"), "\(told)")
    }

    /// Constructs that client generators misread are refused.
    @Test(arguments: [
        ("{ oneOf: [Id, Total] }", "a schema has no oneOf;"),
        ("{ properties: { a: Id }, anyOf: [{ required: [a] }] }", "a schema has no anyOf;"),
        ("{ properties: { a: Id }, not: { required: [a] } }", "a schema has no not;"),
        ("{ properties: { a: Id }, if: { required: [a] } }", "a schema has no if;"),
        ("{ type: object, discriminator: { propertyName: a } }", "a schema has no discriminator;"),
        ("{ properties: { a: { properties: { b: Id } } } }", "an object is a schema with a name, under `schemas`"),
        ("{ type: array, items: { properties: { b: Id } } }", "an object is a schema with a name, under `schemas`"),
        ("{ nullable: true, properties: { a: Id } }", "`nullable` is said where the schema is used"),
        ("{ nullable: true, type: string, enum: [a] }", "`nullable` is said where the schema is used"),
        ("{ type: string, pattern: \"b$\" }", "a pattern begins with ^"),
        ("{ $ref: Id, description: Other words. }", "a schema that is another one is used by that one's name"),
    ])
    func schemaThatGeneratorsMisreadIsRefused(_ schema: String, _ fault: String) throws {
        let part = Parts.health.replacing(
            "  Health: { required: [status], properties: { status: { type: string, const: ok } } }",
            with: "  Health: \(schema)")
        let told = try Parts.fault(["service/health.yaml": part])
        #expect(told.hasPrefix("openapi/service/health.yaml, line 13: \(fault)"), "\(told)")
    }

    @Test(arguments: ["Date", "Class", "Error", "UUID", "Void"])
    func schemaNamedLikeAWordOfALanguageIsRefused(_ name: String) throws {
        let told = try Parts.fault(["service/health.yaml": Parts.health.replacing("Health", with: name)])
        #expect(
            told == "openapi/service/health.yaml, line 13: \(name) means something else in a language of clients; "
                + "call the schema otherwise.")
    }

    @Test(arguments: [
        (
            "requestBody: { content: { text/csv: { schema: Health }, text/plain: { schema: Health } } }",
            "a body has one media type"
        ),
        ("requestBody: { content: { image/png: {} } }", "image/png has no schema"),
    ])
    func bodyWithoutExactlyOneMediaTypeAndASchemaIsRefused(_ body: String, _ fault: String) throws {
        let part = Parts.health.replacing("      responses:", with: "      \(body)\n      responses:")
        let told = try Parts.fault(["service/health.yaml": part])
        #expect(told.hasPrefix("openapi/service/health.yaml, line 10: \(fault)"), "\(told)")
    }

    /// Schemas of requests are closed. Schemas of answers, and of both, are open for new fields.
    @Test func onlySchemasOfRequestsAreClosed() throws {
        let slot = "{ required: [at], properties: { at: { type: string } } }"
        let rooms = Parts.rooms.replacing(
            "    owner:",
            with: "    slots: { type: array, items: Slot }\n    note: { $ref: Note, writeOnly: true }\n    owner:")
        let document = try Parts([
            "school/rooms.yaml": rooms.replacing("kind: hall,", with: "kind: hall, slots: [], note: { at: x },")
                + "\nschemas:\n  Slot: \(slot)\n  Note: \(slot)\n"
        ]).bundle()
        let schemas = document.split(separator: "\n\n")
        for (name, isClosed) in [
            ("NewRoom", true), ("RoomPatch", true), ("Note", true), ("Slot", false), ("RoomRecord", false),
            ("RoomPage", false), ("Problem", false),
        ] {
            let schema = try #require(schemas.first { $0.contains("    \(name):\n") })
            #expect(schema.contains("      additionalProperties: false\n") == isClosed, "\(name)")
        }
    }

    @Test func nullableEnumerationIsAOneOf() throws {
        let rooms = Parts.rooms.replacing(
            "enum: [hall, lab], fixed: true", with: "enum: [hall, lab], nullable: true, description: What for.")
        let document = try Parts(["school/rooms.yaml": rooms]).bundle()
        #expect(
            document.contains(
                """
                        kind:
                          oneOf:
                            - type: string
                              enum: [hall, lab]
                            - type: "null"
                          description: What for.
                """))
    }

    @Test func fileOfANounBelongsInAFolder() throws {
        #expect(
            try Parts.fault(["rooms.yaml": Parts.rooms])
                == "openapi/rooms.yaml: the file of a noun belongs in the folder of its area.")
    }
}
