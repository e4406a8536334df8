import Yams

struct OpenAPIError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// Converts a YAML document to one line of JSON, with the keys in the document's order.
///
/// Plain scalars follow the core schema of YAML 1.2 (section 10.3.2), so that `no`, `on` and `2024-09-01` stay strings,
/// as every OpenAPI tool reads them.
///
/// - Throws: `OpenAPIError` with the line, for invalid YAML and for values that JSON does not have.
func openAPIJSON(yaml: String) throws(OpenAPIError) -> String {
    let node: Node?
    do {
        node = try Yams.compose(yaml: yaml)
    } catch {
        throw OpenAPIError("openapi.yaml: \(error)")
    }
    guard let node, case .mapping = node else { throw OpenAPIError("openapi.yaml: the document is not a mapping.") }
    var json = ""
    json.reserveCapacity(yaml.utf8.count)
    try write(node, to: &json)
    return json + "\n"
}

private func write(_ node: Node, to json: inout String) throws(OpenAPIError) {
    switch node {
    case .mapping(let mapping):
        json += "{"
        for (index, (key, value)) in mapping.enumerated() {
            guard case .scalar(let name) = key else { throw problem(key, "a key is not a scalar") }
            if name.string == "<<", name.style == .plain { throw problem(key, "merge keys (<<) are not YAML 1.2") }
            if index > 0 { json += "," }
            write(string: name.string, to: &json)
            json += ":"
            try write(value, to: &json)
        }
        json += "}"
    case .sequence(let sequence):
        json += "["
        for (index, value) in sequence.enumerated() {
            if index > 0 { json += "," }
            try write(value, to: &json)
        }
        json += "]"
    case .scalar(let scalar):
        if scalar.style == .plain, node.tag != Tag(.str) {
            try write(plain: scalar.string, node, to: &json)
        } else {
            write(string: scalar.string, to: &json)
        }
    case .alias:
        throw problem(node, "an alias is not resolved")
    }
}

private func write(plain text: String, _ node: Node, to json: inout String) throws(OpenAPIError) {
    switch text {
    case "", "~", "null", "Null", "NULL": json += "null"
    case "true", "True", "TRUE": json += "true"
    case "false", "False", "FALSE": json += "false"
    case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "-.inf", "-.Inf", "-.INF", "+.inf", "+.Inf", "+.INF":
        throw problem(node, "JSON has no \(text)")
    default:
        if text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil {
            json += text
        } else if let octal = text.wholeMatch(of: /0o([0-7]+)/), let number = Int(octal.1, radix: 8) {
            json += String(number)
        } else if let hex = text.wholeMatch(of: /0x([0-9a-fA-F]+)/), let number = Int(hex.1, radix: 16) {
            json += String(number)
        } else if text.wholeMatch(of: /[-+]?[0-9]+/) != nil {
            guard let number = Int(text) else { throw problem(node, "\(text) is too large") }
            json += String(number)
        } else if text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil,
            let number = Double(text)
        {
            json += "\(number)"
        } else {
            write(string: text, to: &json)
        }
    }
}

private func write(string: String, to json: inout String) {
    json += "\""
    for scalar in string.unicodeScalars {
        switch scalar {
        case "\"": json += "\\\""
        case "\\": json += "\\\\"
        case "\n": json += "\\n"
        case "\r": json += "\\r"
        case "\t": json += "\\t"
        case _ where scalar.value < 0x20:
            let digits = String(scalar.value, radix: 16)
            json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: json.unicodeScalars.append(scalar)
        }
    }
    json += "\""
}

private func problem(_ node: Node, _ what: String) -> OpenAPIError {
    OpenAPIError("openapi.yaml, line \(node.mark?.line ?? 0): \(what).")
}
