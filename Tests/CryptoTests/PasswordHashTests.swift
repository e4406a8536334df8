import Testing

@testable import Crypto

@Suite struct PasswordHashTests {
    /// RFC 7914 section 12. The fourth vector needs 1 GiB, more than is allowed here.
    @Test(arguments: [
        (
            "", "", 4, 1, 1,
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        (
            "password", "NaCl", 10, 8, 16,
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride", 14, 8, 1,
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ])
    func vectors(_ password: String, _ salt: String, _ logN: Int, _ r: Int, _ p: Int, _ hash: String) throws {
        let derived = try PasswordHash.derive(
            Array(password.utf8), salt: Array(salt.utf8), .init(logN: logN, r: r, p: p), count: 64)
        #expect(Hexadecimal.encode(derived) == hash)
    }

    @Test func memoryIsBounded() {
        #expect(throws: PasswordHashError.self) {
            try PasswordHash.derive([1], salt: [2], .init(logN: 20, r: 8, p: 1), count: 32)
        }
    }

    @Test func roundTrips() throws {
        let stored = try PasswordHash.make("пароль 1")
        #expect(stored.hasPrefix("$scrypt$ln=15,r=8,p=1$"))
        #expect(try PasswordHash.verify("пароль 1", against: stored) == .init(matches: true, needsRehash: false))
        #expect(try PasswordHash.verify("пароль 2", against: stored) == .init(matches: false, needsRehash: false))
        #expect(try PasswordHash.make("пароль 1") != stored)
    }

    /// The third vector of section 12 as a stored hash. Parameters other than the current ones ask for a new hash.
    @Test func asksForRehash() throws {
        let hash = try PasswordHash.derive(
            Array("pleaseletmein".utf8), salt: Array("SodiumChloride".utf8), .init(logN: 14, r: 8, p: 1), count: 32)
        let stored = "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$" + Base64.standard.encode(hash)
        #expect(try PasswordHash.verify("pleaseletmein", against: stored) == .init(matches: true, needsRehash: true))
        #expect(try !PasswordHash.verify("letmein", against: stored).matches)
    }

    @Test func dummyMatchesNothingAndCostsTheSame() throws {
        #expect(try PasswordHash.verify("", against: PasswordHash.dummy) == .init(matches: false, needsRehash: false))
        #expect(try StoredPasswordHash(PasswordHash.dummy).parameters == .current)
    }

    private static let salt = "U29kaXVtQ2hsb3JpZGU"
    private static let hash = String(repeating: "A", count: 43)

    @Test(arguments: [
        "", "$", "secret", "$scrypt", "$scrypt$ln=15,r=8,p=1", "$scrypt$ln=15,r=8,p=1$\(salt)",
        "$scrypt$ln=15,r=8,p=1$\(salt)$", "$scrypt$ln=15,r=8,p=1$$\(hash)", "$scrypt$ln=15,r=8,p=1$\(salt)$\(hash)$",
        "x$scrypt$ln=15,r=8,p=1$\(salt)$\(hash)", "$argon2id$ln=15,r=8,p=1$\(salt)$\(hash)",
        "$scrypt$ln=16,r=8,p=1$\(salt)$\(hash)", "$scrypt$ln=0,r=8,p=1$\(salt)$\(hash)",
        "$scrypt$ln=15,r=9,p=1$\(salt)$\(hash)", "$scrypt$ln=15,r=8,p=5$\(salt)$\(hash)",
        "$scrypt$ln=15,r=8$\(salt)$\(hash)", "$scrypt$r=8,ln=15,p=1$\(salt)$\(hash)",
        "$scrypt$ln=+5,r=8,p=1$\(salt)$\(hash)", "$scrypt$ln=-1,r=8,p=1$\(salt)$\(hash)",
        "$scrypt$ln=05,r=8,p=1$\(salt)$\(hash)", "$scrypt$ln=99999999999999999999,r=8,p=1$\(salt)$\(hash)",
        "$scrypt$ln=15,r=8,p=1$\(salt)=$\(hash)", "$scrypt$ln=15,r=8,p=1$ab$\(hash)",
        "$scrypt$ln=15,r=8,p=1$\(salt)$\(String(repeating: "A", count: 20))",
        "$scrypt$ln=15,r=8,p=1$\(salt)$\(String(repeating: "A", count: 600))",
    ])
    func refusesMalformed(_ stored: String) {
        #expect(throws: PasswordHashError.malformed) { try PasswordHash.verify("x", against: stored) }
    }
}
