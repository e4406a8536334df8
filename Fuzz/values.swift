import HTTP1
import JSON

/// The contents of targets and field values: queries, paths, hosts, languages, entity tags.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    query(bytes)
    path(bytes)
    host(bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    language(text)
    entityTags(text)
    if let uuid = FieldParsing.canonicalUUID(text) { require(FieldParsing.canonicalUUID(uuid) == uuid, uuid) }
    if CalendarDate.isValid(text) { require(text.utf8.count == 10, text) }
    return 0
}

private func query(_ bytes: [UInt8]) {
    guard let items = try? QueryItems(bytes[...]).items else { return }
    require(items.count <= 100, "too many items")
    let text = items.map { encoded($0.name) + "=" + encoded($0.value) }.joined(separator: "&")
    guard let again = try? QueryItems(text).items else { fatalError("refused when written again: \(text)") }
    require(again.elementsEqual(items) { same($0.name, $1.name) && same($0.value, $1.value) }, "\(items), \(again)")
}

private func path(_ bytes: [UInt8]) {
    guard let segments = try? PathSegments(bytes[...]).segments else { return }
    let text = "/" + segments.map(encoded).joined(separator: "/")
    guard let again = try? PathSegments(text).segments else { fatalError("refused when written again: \(text)") }
    require(again.elementsEqual(segments, by: same), "\(segments), \(again)")
}

/// A host is valid in a Host field exactly when it is valid in a target.
private func host(_ bytes: [UInt8]) {
    guard !bytes.contains(where: { $0 <= 0x20 || $0 == 0x2F || $0 == 0x3F }) else { return }
    let field = parse([[UInt8]("GET / HTTP/1.1\r\nHost: ") + bytes + [UInt8]("\r\n\r\n")])
    let target = parse([[UInt8]("GET http://") + bytes + [UInt8]("/ HTTP/1.1\r\nHost: a\r\n\r\n")])
    require((field.error == nil) == (target.error == nil), "\(field), \(target)")
    guard let request = field.requests.first else { return }
    require([UInt8](request.host ?? "") == bytes, "host \(request.host ?? "")")
    require(target.requests.first?.host == request.host, "\(field), \(target)")
}

private func language(_ header: String) {
    let best = AcceptLanguage(header).best(of: ["ru", "en"])
    require([nil, "ru", "en"].contains(best), "\(best ?? "")")
    require(AcceptLanguage(header.uppercased()).best(of: ["ru", "en"]) == best || !isASCII(header), "case matters")
}

private func entityTags(_ header: String) {
    guard case .tags(let tags)? = EntityTagList(header) else { return }
    require(EntityTagList(tags.map(\.text).joined(separator: ", ")) == .tags(tags), "\(tags)")
    for tag in tags {
        require(EntityTagList.tags(tags).matchesWeakly(tag), "\(tag) does not match")
        require(EntityTagList.tags(tags).matchesStrongly(tag) != tag.isWeak, "\(tag) matches strongly")
    }
}

/// Percent-encodes every byte but letters and digits.
private func encoded(_ text: String) -> String {
    text.utf8.map { byte in
        let scalar = Unicode.Scalar(byte)
        if scalar.properties.isAlphabetic && byte < 128 || ("0"..."9").contains(scalar) { return String(scalar) }
        let digits = String(byte, radix: 16)
        return byte < 16 ? "%0" + digits : "%" + digits
    }.joined()
}

private func same(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

private func isASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 128 } }
