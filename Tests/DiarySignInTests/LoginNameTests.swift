import Testing

@testable import DiarySignIn

@Suite struct LoginNameTests {
    @Test(arguments: [
        ("Иванова", "Мария", "ivanova.mariya"), ("Щёголев", "Юрий", "shchegolev.yuriy"),
        ("Смирнова-Ли", "Ян", "smirnovali.yan"), ("O'Neil", "Jane", "oneil.jane"), ("李", "Анна", "anna"),
        ("李", "明", "user"),
    ])
    func areMadeOfNames(last: String, first: String, login: String) {
        #expect(LoginName.base(last: last, first: first) == login)
        #expect(LoginName.isValid(login))
    }

    @Test(arguments: ["", "ab", "маша", "a b", "-abc", ".abc", "abc\n", "a\u{0}bc", String(repeating: "a", count: 65)])
    func invalidLoginsAreRefused(_ login: String) {
        #expect(!LoginName.isValid(login))
    }
}
