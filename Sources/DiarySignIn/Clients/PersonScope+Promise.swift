import Diary
import Web

extension PersonScope {
    /// The wording on the consent page.
    var promise: Text {
        switch self {
        case .person:
            Text(
                ru: "читать в дневнике всё, что видно вам, и делать записи от вашего имени",
                en: "read what you see in the diary, and write in it in your name")
        case .personRead:
            Text(
                ru: "читать в дневнике всё, что видно вам, ничего не меняя",
                en: "read what you see in the diary, without changing anything")
        }
    }
}
