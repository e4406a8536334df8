import CLinux
import Glibc

/// How many files and sockets the process may have open.
package enum DescriptorLimit {
    /// Raises the soft limit to the hard limit, which needs no privilege.
    ///
    /// - Returns: the limit now in force.
    @discardableResult
    package static func raise() -> Int { Int(clamping: lyceum_raise_descriptor_limit()) }
}
