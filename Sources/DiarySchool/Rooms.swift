import Diary

/// Rooms for lessons.
package enum Rooms {
    package static let resource = Resource(
        path: "rooms",
        noun: "Room",
        readers: .setUp,
        fields: [
            ResourceField("name", .text(maximum: 100)),
            ResourceField("building", .text(maximum: 100)).nullable,
            ResourceField("capacity", .integer(1...10_000)).nullable,
            ResourceField("shared", .boolean).initially("false"),
            .archived, .externalID,
        ],
        order: ["name"],
        refusals: [
            "lessons_room_no_overlap": .init(
                .timetableCollision, field: "shared", code: "room_overlap",
                ru: "В этом кабинете есть уроки в одно и то же время.", en: "The room has lessons at the same time.")
        ])
}
