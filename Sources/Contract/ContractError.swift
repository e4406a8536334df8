/// A fault in a part of the contract, and its place.
package struct ContractError: Error, Equatable, CustomStringConvertible {
    /// Relative to the directory of the parts: `school/rooms.yaml`.
    package let file: String
    /// From 1; nil for the whole file.
    package let line: Int?
    package let fault: String

    package var description: String {
        "openapi/\(file)\(line.map { ", line \($0)" } ?? ""): \(fault)."
    }
}
