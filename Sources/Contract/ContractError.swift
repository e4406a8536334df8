/// A part of the contract that is not right, and where.
package struct ContractError: Error, Equatable, CustomStringConvertible {
    /// From the directory of the parts: `school/rooms.yaml`.
    package let file: String
    /// Counted from 1; nil for the file as a whole.
    package let line: Int?
    package let fault: String

    package var description: String {
        "openapi/\(file)\(line.map { ", line \($0)" } ?? ""): \(fault)."
    }
}
