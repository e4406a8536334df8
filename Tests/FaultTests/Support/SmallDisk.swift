import Glibc

/// A file system of a few megabytes in memory, which postgres may write to.
final class SmallDisk: Sendable {
    let path: String
    private var filler: String { path + "/filler" }

    /// Whether this process may mount; root in a container often may not.
    static let isPossible: Bool = {
        guard geteuid() == 0, let path = try? Premises.shared.make("mount") else { return false }
        guard mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0 else { return false }
        return umount2(path, Int32(MNT_DETACH)) == 0
    }()

    init(megabytes: Int) throws {
        path = try Premises.shared.make("disk")
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m,mode=0700") == 0 else {
            throw Failure("mount: errno \(errno)")
        }
        try Premises.run("chown postgres $1", [path])
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    /// Uses up all remaining space.
    func fill() throws {
        try Premises.run(
            "dd if=/dev/zero of=$1 bs=64k 2>/dev/null || true; dd if=/dev/zero bs=1k >>$1 2>/dev/null || true", [filler]
        )
    }

    func free() { unlink(filler) }
}
