import DiaryPeople
import DiaryTestSupport
import Testing

/// Which uploads are pictures, and what is stored of them.
@Suite struct ImageFileTests {
    private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        return bytes.indices.contains { bytes[$0...].starts(with: wanted) }
    }

    private func fault(_ bytes: [UInt8]) -> ImageFile.Fault? {
        do throws(ImageFile.Fault) {
            _ = try ImageFile(bytes)
            return nil
        } catch {
            return error
        }
    }

    static let all: [(String, ImageFile.Format, [UInt8])] = [
        ("jpeg", .jpeg, ImageFixtures.jpeg), ("progressive", .jpeg, ImageFixtures.progressive),
        ("png", .png, ImageFixtures.png), ("webp", .webp, ImageFixtures.webp),
        ("lossless", .webp, ImageFixtures.lossless), ("alpha", .webp, ImageFixtures.alpha),
    ]

    @Test(arguments: all)
    func metadataIsTakenOutAndThePictureStays(_ name: String, _ format: ImageFile.Format, _ bytes: [UInt8]) throws {
        let image = try ImageFile(bytes)
        #expect(image.format == format)
        #expect(image.width == 24 && image.height == 16)
        for word in ["SecretCam", "SecretComment", "SecretPlace", "xpacket", "XMP", "tEXt", "iTXt", "eXIf", "EXIF"] {
            #expect(!contains(image.bytes, word), "\(word)")
        }
        #expect(image.bytes.count <= bytes.count)
        // A file without metadata stays unchanged.
        #expect(try ImageFile(image.bytes) == image)
    }

    /// Without the orientation a portrait would be shown on its side.
    @Test func howTheCameraWasHeldStays() throws {
        let image = try ImageFile(ImageFixtures.jpeg)
        let orientation: [UInt8] =
            Array("Exif\0\0MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6]
        #expect(image.bytes.indices.contains { image.bytes[$0...].starts(with: orientation) })
        #expect(!contains(try ImageFile(ImageFixtures.progressive).bytes, "Exif"))
    }

    /// Polyglot files: data after the end, or in parts that viewers ignore, is dropped.
    @Test(arguments: all)
    func whatStandsBehindTheEndIsLeftOut(_ name: String, _ format: ImageFile.Format, _ bytes: [UInt8]) throws {
        let clean = try ImageFile(bytes)
        for tail in ["<script>alert(1)</script>", "PK\u{3}\u{4}", "\0", "%PDF-1.7"] {
            #expect(try ImageFile(bytes + Array(tail.utf8)) == clean)
        }
    }

    @Test func aCommentWithAProgramIsNoPartOfThePicture() throws {
        let script = Array("*/=alert(1)/*<?php system('x') ?>".utf8)
        let comment: [UInt8] = [0xFF, 0xFE, 0, UInt8(script.count + 2)] + script
        let application: [UInt8] = [0xFF, 0xE5, 0, UInt8(script.count + 2)] + script
        let bytes = Array(ImageFixtures.jpeg[..<2]) + comment + application + ImageFixtures.jpeg[2...]
        #expect(try ImageFile(bytes) == ImageFile(ImageFixtures.jpeg))
    }

    /// Every truncated file is refused, at any length, without a trap.
    @Test(arguments: all)
    func aCutFileIsDamaged(_ name: String, _ format: ImageFile.Format, _ bytes: [UInt8]) throws {
        let clean = try ImageFile(bytes).bytes
        for count in clean.indices {
            let wanted: Set<ImageFile.Fault?> = count < 12 ? [.unknownFormat, .damaged] : [.damaged]
            #expect(wanted.contains(fault(Array(clean[..<count]))), "\(count) of \(clean.count)")
        }
    }

    /// Any byte set to any value: the file is refused or accepted, and an accepted file is clean.
    @Test(arguments: all)
    func noByteBreaksTheReader(_ name: String, _ format: ImageFile.Format, _ bytes: [UInt8]) throws {
        for index in bytes.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xD9, 0xDA, 0xFE, 0xFF, bytes[index] ^ 1] {
                var changed = bytes
                changed[index] = value
                guard let image = try? ImageFile(changed) else { continue }
                #expect((try? ImageFile(image.bytes)) == image, "byte \(index) as \(value)")
            }
        }
    }

    @Test(arguments: [
        ("<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>", ImageFile.Fault.unknownFormat),
        ("<?xml version=\"1.0\"?><svg/>", .unknownFormat), ("GIF89a\u{1}", .unknownFormat), ("", .unknownFormat),
        ("RIFF\u{4}\0\0\0WAVE", .unknownFormat), ("RIFF\u{4}\0\0\0WEBP", .damaged), ("BM", .unknownFormat),
        ("%PDF-1.7", .unknownFormat),
    ])
    func whatIsNoPictureIsRefused(_ text: String, _ wanted: ImageFile.Fault) {
        #expect(fault(Array(text.utf8)) == wanted)
    }

    @Test func picturesThatMoveAreRefused() {
        #expect(fault(ImageFixtures.animated) == .unsupported)
    }

    /// A few bytes that declare gigabytes of pixels.
    @Test func hugeDimensionsInATinyFileAreRefused() throws {
        var jpeg = try ImageFile(ImageFixtures.jpeg).bytes
        let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(fault(jpeg) == .tooLarge)
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0, 0, 0, 16])
        #expect(fault(jpeg) == .damaged)

        var lossless = ImageFixtures.lossless
        lossless.replaceSubrange(21..<25, with: [0xFF, 0xFF, 0xFF, 0x0F])
        #expect(fault(lossless) == .tooLarge)

        #expect(fault(png(width: 0x7FFF_FFFF, height: 1)) == .tooLarge)
        #expect(fault(png(width: 4097, height: 1)) == .tooLarge)
        #expect(fault(png(width: 4096, height: 4096)) == nil)
        #expect(fault(png(width: 0, height: 1)) == .damaged)
    }

    /// A chunk with a wrong checksum, an unknown critical chunk, an ancillary chunk.
    @Test func chunksOfAPNGAreChecked() {
        var bytes = png(width: 1, height: 1)
        bytes[bytes.count - 1] ^= 1
        #expect(fault(bytes) == .damaged)
        #expect(fault(png(width: 1, height: 1, more: chunk("CgBI", [1]))) == .damaged)
        #expect(fault(png(width: 1, height: 1, more: chunk("caBX", [1]))) == nil)
    }

    private func png(width: UInt32, height: UInt32, more: [UInt8] = []) -> [UInt8] {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", big(width) + big(height) + [8, 0, 0, 0, 0]) + more + chunk("IDAT", [0x78, 0x9C])
            + chunk("IEND", [])
    }

    private func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let named = Array(type.utf8) + content
        return big(UInt32(content.count)) + named + big(crc(named))
    }

    private func big(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }

    private func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
        }
        return ~crc
    }
}
