import Glibc

/// `script/test --long`, which continuous integration runs.
enum Long {
    static var isOn: Bool { getenv("LYCEUM_LONG_TESTS").map { String(cString: $0) } == "1" }
}
