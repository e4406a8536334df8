import Glibc

/// Whether tests run with `script/test --long`, as in continuous integration.
enum Long {
    static var isOn: Bool { getenv("LYCEUM_LONG_TESTS").map { String(cString: $0) } == "1" }
}
