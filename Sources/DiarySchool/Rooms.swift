import Diary

/// Where lessons are held.
package enum Rooms {
    package static let resource = SchoolResource(
        "rooms", noun: "Room",
        [
            ResourceField("name", .text(maximum: 100)),
            ResourceField("building", .text(maximum: 100)).nullable,
            ResourceField("capacity", .integer(1...10_000)).nullable,
            ResourceField("shared", .boolean).initially("false"),
            .archived, .externalID,
        ],
        order: ["name"], readers: .setUp)
}
