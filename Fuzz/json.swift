import JSON

/// JSON: accepted exactly when a second, simple reader accepts it. Writing a value and reading it back does not change
/// it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    do throws(JSONParseError) {
        let value = try JSONValue(parsing: bytes)
        require(StrictJSON.accepts(bytes), "accepted what is not strict")
        let text = written(value)
        guard let again = try? JSONValue(parsing: text) else { fatalError("refused when written again") }
        require(again == value && written(again) == text, "different when written again")
        readFields(of: value)
    } catch {
        require(!StrictJSON.accepts(bytes), "refused what is strict: \(error)")
        require((0...bytes.count).contains(error.offset), "offset \(error.offset) of \(bytes.count)")
    }
    return 0
}

private func written(_ value: JSONValue) -> [UInt8] {
    var writer = JSONWriter()
    writer.value(value)
    return writer.bytes
}

/// Reads each type of field from each member: gives problems or values, and never traps.
private func readFields(of value: JSONValue) {
    guard case .object(let members) = value else { return }
    let problems = FieldProblems()
    var reader = ObjectReader(value, problems: problems)
    for (name, _) in members.prefix(8) {
        if let text = reader.string(name, .optional, maximumLength: 10).value {
            require(text.unicodeScalars.count <= 10, "a longer text")
        }
        if let number = reader.integer(name, .nullable, in: -5...1000).value {
            require((-5...1000).contains(number), "a number out of range")
        }
        if let date = reader.date(name, .optional).value { require(CalendarDate.isValid(date), date) }
        if let uuid = reader.uuid(name, .requiredNullable).value {
            require(FieldParsing.canonicalUUID(uuid) == uuid, uuid)
        }
        _ = reader.integer(name)
        _ = reader.decimal(name)
        _ = reader.boolean(name)
        _ = reader.uuids(name, maximumCount: 3)
        for var inner in reader.objects(name, maximumCount: 3).value ?? [] {
            _ = inner.any("id")
            inner.finish()
        }
        reader.object(name).value?.finish()
    }
    reader.finish()
    require(problems.all.count <= FieldProblems.maximumCount, "too many problems")
}
