import HTTP1
import Web

extension ProblemKind {
    package static let tooManyRows = ProblemKind(
        "too_many_rows", .unprocessableContent,
        title: Text(ru: "Слишком много строк", en: "Too many rows"),
        detail: Text(
            ru: "На листе помещается не больше 1 048 575 строк: возьмите csv или ndjson либо сузьте запрос.",
            en: "A sheet holds at most 1,048,575 rows: choose csv or ndjson, or narrow the request."))

    package static let ofExports: [ProblemKind] = [tooManyRows]
}
