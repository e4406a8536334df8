import Diary

/// The school's attendance codes and their fixed meanings (T1).
package enum AttendanceCodes {
    package static let resource = Resource(
        path: "attendance-codes",
        noun: "AttendanceCode",
        readers: .setUp,
        fields: [
            ResourceField("code", .text(maximum: 10)),
            ResourceField("meaning", .word(["absent", "ill", "excused", "unexcused", "late"])).fixed,
            ResourceField("name", .text(maximum: 100)),
            ResourceField("is_default", .boolean).initially("false"),
            ResourceField("position", .integer(0...32_767)).initially("0"),
            .archived,
        ],
        order: ["position", "code"],
        refusals: [
            "attendance_codes_one_default": .init(
                .alreadyExists, field: "is_default", code: "already_exists",
                ru: "У этого значения уже есть код по умолчанию.", en: "The meaning already has a default code.")
        ])
}
