/// A member of an object: missing, null or with a value. A PATCH distinguishes the three (RFC 7396).
///
/// A field with a problem reads as `absent`. The problem has been recorded, so the value is never used.
package enum Field<Value> {
    case absent
    case null
    case value(Value)

    /// The value; nil if absent or null.
    package var value: Value? {
        if case .value(let value) = self { value } else { nil }
    }

    package var isAbsent: Bool {
        if case .absent = self { true } else { false }
    }

    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The value after a patch: the old one if nothing was sent.
    package func applied(to old: Value?) -> Value? {
        switch self {
        case .absent: old
        case .null: nil
        case .value(let value): value
        }
    }

    package func map<Other>(_ transform: (Value) -> Other) -> Field<Other> {
        switch self {
        case .absent: .absent
        case .null: .null
        case .value(let value): .value(transform(value))
        }
    }
}

extension Field: Sendable where Value: Sendable {}
extension Field: Equatable where Value: Equatable {}

/// Whether a field must be sent, and whether null counts as a value.
package enum Presence: Sendable, Hashable {
    /// Must be there and not null.
    case required
    /// May be missing, may not be null.
    case optional
    /// May be missing, may be null.
    case nullable
    /// Must be there, may be null.
    case requiredNullable

    var isRequired: Bool { self == .required || self == .requiredNullable }
    var allowsNull: Bool { self == .nullable || self == .requiredNullable }
}
