import JSON

/// A client of a feed; it keeps the cursor.
package final class FeedReader {
    package struct Item: Equatable, CustomStringConvertible {
        package let entity: String
        package let id: String
        package let operation: String
        package let data: JSONValue?

        package var description: String { "\(entity) \(id) \(operation)" }

        package static func == (left: Item, right: Item) -> Bool { left.description == right.description }
    }

    package let client: TestClient
    private let path: String
    private let parameters: String
    package private(set) var cursor = ""
    package private(set) var pages = 0

    /// Begins with the cursor of now.
    package init(_ client: TestClient, _ path: String = "/v1/changes", _ parameters: String = "") throws {
        self.client = client
        self.path = path
        self.parameters = parameters
        let answer = try client.get(path)
        guard answer.status == 200, answer.json["items"]?.array.isEmpty == true,
            answer.json["has_more"]?.bool == false, let cursor = answer.json["cursor"]?.string
        else { throw TestFailure("the feed gave no first cursor: \(answer.text)") }
        self.cursor = cursor
    }

    package func page() throws -> (items: [Item], hasMore: Bool) {
        let answer = try client.get("\(path)?since=\(cursor)\(parameters)")
        guard answer.status == 200, let cursor = answer.json["cursor"]?.string,
            let hasMore = answer.json["has_more"]?.bool, let items = answer.json["items"]?.array
        else { throw TestFailure("the feed gave no page: \(answer.status) \(answer.text)") }
        self.cursor = cursor
        pages += 1
        return (
            items.map { item in
                Item(
                    entity: item["entity"]?.string ?? "", id: item["id"]?.string ?? "",
                    operation: item["operation"]?.string ?? "", data: item["data"])
            },
            hasMore
        )
    }

    /// Reads all new changes.
    package func read() throws -> [Item] {
        var items: [Item] = []
        while true {
            let page = try page()
            items += page.items
            if !page.hasMore { return items }
        }
    }
}
