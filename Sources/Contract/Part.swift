import FoundationEssentials
import Yams

/// One file of the contract.
struct Part {
    let file: String
    private let members: [String: Value]

    /// The keys of a noun's file.
    static let keys: Set = ["tag", "resource", "report", "paths", "problems", "schemas"]

    init(_ file: String, in directory: String, keys: Set<String> = Part.keys) throws(ContractError) {
        self.file = file
        guard let data = FileManager.default.contents(atPath: "\(directory)/\(file)"),
            let text = String(validating: data, as: UTF8.self)
        else { throw ContractError(file: file, line: nil, fault: "the file does not exist or is not UTF-8") }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw ContractError(file: file, line: nil, fault: "not YAML: \(error)")
        }
        guard let node else { throw ContractError(file: file, line: nil, fault: "the file is empty") }
        members = try Value(node: node, file: file).members(of: "this file", keys)
    }

    subscript(key: String) -> Value? { members[key] }

    func required(_ key: String) throws(ContractError) -> Value {
        guard let value = members[key] else { throw ContractError(file: file, line: nil, fault: "\(key) is missing") }
        return value
    }

    /// The members of a section of the file; none if there is no such section.
    func entries(_ key: String) throws(ContractError) -> [(key: String, value: Value)] {
        try members[key]?.members() ?? []
    }

    /// The files of nouns, which are in folders, sorted by folder and name.
    static func files(in directory: String) throws(ContractError) -> [String] {
        guard let all = try? FileManager.default.subpathsOfDirectory(atPath: directory) else {
            throw ContractError(file: "", line: nil, fault: "\(directory) cannot be read")
        }
        let files = all.filter { $0.hasSuffix(".yaml") }.sorted()
        if let stray = files.first(where: { !$0.contains("/") && !$0.hasPrefix("_") }) {
            throw ContractError(file: stray, line: nil, fault: "the file of a noun belongs in the folder of its area")
        }
        return files.filter { $0.contains("/") }
    }
}
