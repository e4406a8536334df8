import Testing

@testable import DiarySignIn

@Suite struct RedirectURITests {
    @Test(arguments: [
        "https://app.example/callback", "https://app.example", "https://app.example:8443/a/b?x=1&y=%20",
        "http://127.0.0.1/callback", "http://127.0.0.1:5173/callback", "http://[::1]:80/", "com.example.app:/callback",
        "com.example.app://callback",
    ])
    func goodOnes(_ text: String) {
        #expect(RedirectURI(text)?.text == text)
    }

    @Test(arguments: [
        "", "app.example/callback", "//app.example", "http://app.example/callback", "http://localhost/callback",
        "http://127.0.0.1.example/", "http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://127.0.0.1:08080/",
        "http://[::2]/", "https:///callback", "https://", "https://user@app.example/", "https://app.example/#x",
        "https://app.example/ x", "https://app.example\\evil.example/", "https://app.example;x/", "https://*.example/",
        "https://APP.example/", "HTTPS://app.example/", "https://.example/", "https://a..b/", "https://приложение.рф/",
        "javascript:alert(1)", "data:text/html,x", "myapp:/callback", "com.example.app:", "https://app.example/'",
        "https://app.example/\u{0}", "https://app.example/\r\nSet-Cookie: x",
        "https://app.example/" + String(repeating: "x", count: 1000),
    ])
    func badOnes(_ text: String) {
        #expect(RedirectURI(text) == nil)
    }

    @Test(arguments: [
        ("https://app.example/cb", "https://app.example/cb", true),
        ("https://app.example/cb", "https://app.example/cb/", false),
        ("https://app.example/cb", "https://app.example:444/cb", false),
        ("https://app.example/cb", "https://app.example/cb?x=1", false),
        ("https://app.example/cb", "https://app.example.evil.example/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:51234/cb", true),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1/cb", true),
        ("http://127.0.0.1/cb", "http://127.0.0.1:51234/other", false),
        ("http://127.0.0.1/cb", "http://[::1]:51234/cb", false),
        ("http://[::1]/cb", "http://[::1]:51234/cb", true),
        ("com.example.app:/cb", "com.example.app:/cb", true),
        ("com.example.app:/cb", "com.example.app2:/cb", false),
    ])
    func aRequestMayNameWhatIsRegistered(_ registered: String, _ asked: String, _ allowed: Bool) throws {
        #expect(try #require(RedirectURI(registered)).allows(try #require(RedirectURI(asked))) == allowed)
    }

    @Test(arguments: [
        ("https://app.example:8443/cb", "https://app.example:8443"),
        ("http://127.0.0.1:5173/cb", "http://127.0.0.1:5173"), ("http://[::1]:5173/cb", "http:"),
        ("com.example.app:/cb", "com.example.app:"),
    ])
    func aPolicyNamesIt(_ text: String, _ source: String) throws {
        #expect(try #require(RedirectURI(text)).policySource == source)
    }
}
