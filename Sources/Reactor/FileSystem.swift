import CLinux
import Glibc

/// What Swift's file managers do not have.
package enum FileSystem {
    /// Gives two paths each other's file or directory, in one step.
    package static func exchange(_ left: String, _ right: String) throws(SystemError) {
        _ = try systemCall("renameat2") { unsafe lyceum_exchange(left, right) }
    }

    /// Returns when everything in the directory's file system is stored.
    package static func synchronize(around directory: String) throws(SystemError) {
        let descriptor = try systemCall("open") { unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { close(descriptor) }
        _ = try systemCall("syncfs") { lyceum_sync_file_system(descriptor) }
    }

    /// Returns when the names in the directory are stored.
    package static func synchronize(names directory: String) throws(SystemError) {
        let descriptor = try systemCall("open") { unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { close(descriptor) }
        _ = try systemCall("fsync") { fsync(descriptor) }
    }
}
