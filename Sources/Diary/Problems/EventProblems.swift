import HTTP1
import Web

/// Problems of streams of events.
extension ProblemKind {
    package static let tooManyStreams = ProblemKind(
        "too_many_streams", .tooManyRequests,
        title: Text(ru: "Слишком много потоков событий", en: "Too many streams"),
        detail: Text(
            ru: "У вас уже открыто наибольшее допустимое число потоков событий; закройте лишние.",
            en: "You already have as many streams of events open as are allowed; close those that you do not need."))

    package static let ofEvents: [ProblemKind] = [tooManyStreams]
}
