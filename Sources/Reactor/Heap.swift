import CLinux

/// The memory that `malloc` manages.
package enum Heap {
    /// Returns freed memory to the kernel. Worthwhile once after the start, which uses much more than the server needs
    /// later.
    package static func trim() { _ = malloc_trim(0) }
}
