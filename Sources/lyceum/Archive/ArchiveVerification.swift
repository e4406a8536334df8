import Crypto
import Foundation

/// What a check of an archive has found.
struct ArchiveVerification: Encodable {
    enum Failure: Error, CustomStringConvertible {
        case noArchive(String)

        var description: String {
            switch self {
            case .noArchive(let path): "\(path) holds no archive: it has no \(ArchiveSums.file) that can be read."
            }
        }
    }

    struct Fault: Encodable, CustomStringConvertible {
        enum Code: String, Encodable {
            case missing, changed, additional, unreadable
            case notAFile = "not_a_file"
            case wrongFormat = "wrong_format"
            case notSigned = "not_signed"
            case unknownKey = "unknown_key"
            case wrongSignature = "wrong_signature"
        }

        let code: Code
        /// The file, or the id of the key.
        let name: String

        var description: String {
            switch code {
            case .missing: "missing: \(name)"
            case .changed: "changed: \(name)"
            case .additional: "additional: \(name)"
            case .unreadable: "can't be read: \(name)"
            case .notAFile: "neither a file nor a directory: \(name)"
            case .wrongFormat: "not in its format: \(name)"
            case .notSigned: "not signed, though LYCEUM_ARCHIVE_KEYS is set: there is no \(name)"
            case .unknownKey: "signed with the key \(name), which LYCEUM_ARCHIVE_KEYS does not have"
            case .wrongSignature: "the signature of \(ArchiveSums.file) is not that of the key \(name)"
            }
        }
    }

    /// That SHA256SUMS names.
    let files: Int
    let isSigned: Bool
    /// The id of the key with which the signature was checked; nil: it was not.
    private(set) var key: String?
    private(set) var faults: [Fault] = []

    enum CodingKeys: String, CodingKey {
        case files, key, faults
        case isSigned = "signed"
    }

    /// - Parameter keys: nil: the signature is not checked.
    init(of directory: String, _ keys: ArchiveKeys?) throws {
        let path = "\(directory)/\(ArchiveSums.file)"
        guard Self.kind(of: path) == .typeRegular, let content = FileManager.default.contents(atPath: path) else {
            throw Failure.noArchive(directory)
        }
        isSigned = Self.kind(of: "\(directory)/\(ArchiveSums.signatureFile)") != nil
        let sums = ArchiveSums.parse(String(decoding: content, as: UTF8.self))
        files = sums?.count ?? 0
        if let sums {
            checkFiles(sums, directory)
        } else {
            add(.wrongFormat, ArchiveSums.file)
        }
        try checkSignature(Array(content), directory, keys)
    }

    private mutating func add(_ code: Fault.Code, _ name: String) { faults.append(Fault(code: code, name: name)) }

    /// Links are not followed: what they point to belongs to no archive.
    private static func kind(of path: String) -> FileAttributeType? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
    }

    // MARK: Files

    /// Only files that the directory has are opened, so a path that leads out of it is missing.
    private mutating func checkFiles(_ sums: [String: String], _ directory: String) {
        var found: Set<String> = []
        let all = FileManager.default.enumerator(atPath: directory)
        while let name = all?.nextObject() as? String {
            let kind = Self.kind(of: "\(directory)/\(name)")
            if kind == .typeDirectory { continue }
            found.insert(name)
            guard kind == .typeRegular else {
                add(.notAFile, name)
                continue
            }
            if name == ArchiveSums.file || name == ArchiveSums.signatureFile { continue }
            guard let sum = sums[name] else {
                add(.additional, name)
                continue
            }
            guard let hash = try? ArchiveSums.hash(of: "\(directory)/\(name)") else {
                add(.unreadable, name)
                continue
            }
            if hash != sum { add(.changed, name) }
        }
        for name in sums.keys where !found.contains(name) { add(.missing, name) }
        faults.sort { ($0.name, $0.code.rawValue) < ($1.name, $1.code.rawValue) }
    }

    // MARK: The signature

    private mutating func checkSignature(_ sums: [UInt8], _ directory: String, _ keys: ArchiveKeys?) throws {
        let named = Self.signature(directory)
        guard isSigned else {
            if keys != nil {
                add(.notSigned, ArchiveSums.signatureFile)
            } else if named != nil {
                add(.missing, ArchiveSums.signatureFile)
            }
            return
        }
        let path = "\(directory)/\(ArchiveSums.signatureFile)"
        guard Self.kind(of: path) == .typeRegular, let content = FileManager.default.contents(atPath: path),
            let code = ArchiveSums.code(String(decoding: content, as: UTF8.self))
        else { return add(.wrongFormat, ArchiveSums.signatureFile) }
        guard let keys else { return }
        guard let named else { return add(.wrongFormat, "archive.json") }
        switch try keys.isSignature(code, of: sums, key: named.key) {
        case true: key = named.key
        case false: add(.wrongSignature, named.key)
        case nil: add(.unknownKey, named.key)
        }
    }

    /// As archive.json names it. The id is no secret, and a wrong one only makes the check fail.
    private static func signature(_ directory: String) -> ArchiveIndex.Signature? {
        guard let content = FileManager.default.contents(atPath: "\(directory)/archive.json") else { return nil }
        return (try? JSONDecoder().decode(ArchiveIndex.self, from: content))?.signature
    }
}
