import CLinux
import Glibc

/// How many files and sockets the process may have open.
package enum DescriptorLimit {
    /// Raises the soft limit to the hard one, which needs no rights.
    ///
    /// - Returns: the limit that holds now.
    @discardableResult
    package static func raise() -> Int { Int(clamping: lyceum_raise_descriptor_limit()) }
}
