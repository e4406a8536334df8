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
        // The largest allowed size, without data.
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0x10, 0, 0x10, 0])
        #expect(fault(jpeg) == .damaged)

        var lossless = ImageFixtures.lossless
        lossless.replaceSubrange(21..<25, with: [0xFF, 0xFF, 0xFF, 0x0F])
        #expect(fault(lossless) == .tooLarge)

        #expect(fault(PNGFile(width: 0x7FFF_FFFF, height: 1, pixels: []).bytes) == .tooLarge)
        #expect(fault(PNGFile(width: 4097, height: 1, pixels: []).bytes) == .tooLarge)
        #expect(fault(PNGFile(width: 4096, height: 4096, pixels: []).bytes) == .damaged)
        #expect(fault(PNGFile(width: 4096, height: 4096).bytes) == nil)
        #expect(fault(PNGFile(width: 0, height: 1, pixels: []).bytes) == .damaged)
    }

    /// Sampling factors are 1 to 4 (B.2.2): with a zero a component has no size.
    @Test(arguments: [(UInt8(0x22), true), (0x11, true), (0x02, false), (0x20, false), (0x52, false), (0x00, false)])
    func samplingFactorsOfAJPEGAreChecked(_ factors: UInt8, _ isTaken: Bool) throws {
        for fixture in [ImageFixtures.jpeg, ImageFixtures.progressive] {
            var jpeg = try ImageFile(fixture).bytes
            let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && [0xC0, 0xC2].contains(jpeg[$0 + 1]) })
            jpeg[frame + 11] = factors
            #expect(fault(jpeg) == (isTaken ? nil : .damaged))
        }
    }

    // MARK: A picture declares no more than it contains

    /// A JPEG with another size, or with other data in its last scan.
    private func jpeg(
        _ fixture: [UInt8], width: Int = 24, height: Int = 16, data: [UInt8]? = nil, scans: Int = 1
    ) throws -> [UInt8] {
        var bytes = try ImageFile(fixture).bytes
        let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && [0xC0, 0xC2].contains(bytes[$0 + 1]) })
        bytes.replaceSubrange(
            (frame + 5)..<(frame + 9),
            with: [UInt8(height >> 8), UInt8(height & 0xFF), UInt8(width >> 8), UInt8(width & 0xFF)])
        let scan = try #require(bytes.indices.last { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
        let head = scan + 2 + Int(bytes[scan + 3])
        let last = Array(bytes[scan..<head]) + (data ?? Array(bytes[head..<bytes.count - 2]))
        return bytes[..<scan] + (0..<scans).flatMap { _ in last } + [0xFF, 0xD9]
    }

    @Test func restartMarkersAreNoData() throws {
        let blocks = [UInt8](repeating: 0x55, count: 4096 * 4096 / 64)
        #expect(fault(try jpeg(ImageFixtures.jpeg, width: 4096, height: 4096, data: blocks)) == nil)
        let markers = (0..<blocks.count).flatMap { [0xFF, 0xD0 + UInt8($0 % 8)] as [UInt8] }
        #expect(fault(try jpeg(ImageFixtures.jpeg, width: 4096, height: 4096, data: markers)) == .damaged)
        // A stuffed zero is no data either.
        let stuffed = (0..<90_000).flatMap { _ in [0xFF, 0x00] as [UInt8] }
        #expect(fault(try jpeg(ImageFixtures.jpeg, width: 4096, height: 4096, data: stuffed)) == .damaged)
    }

    /// A viewer passes over all pixels for each scan. The fixture has ten scans.
    @Test func scansOfALargePictureAreFew() throws {
        let blocks = [UInt8](repeating: 0x55, count: 4096 * 4096 / 128)
        func file(_ side: Int, _ scans: Int) throws -> [UInt8] {
            try jpeg(ImageFixtures.progressive, width: side, height: side, data: blocks, scans: scans)
        }
        let others = 9
        #expect(fault(try file(4096, 12 - others)) == nil)
        #expect(fault(try file(4096, 13 - others)) == .tooLarge)
        #expect(fault(try file(1024, 64 - others)) == nil)
        #expect(fault(try file(1024, 65 - others)) == .damaged)
    }

    /// 28 bytes can declare 16 megapixels of one colour.
    @Test func aWebPHasAByteForAThousandPixels() throws {
        for fixture in [ImageFixtures.lossless, ImageFixtures.webp] {
            let clean = try ImageFile(fixture).bytes
            let size = clean[12..<16].elementsEqual("VP8L".utf8) ? 21 : 26
            func file(_ width: Int, _ height: Int, more: Int = 0) -> [UInt8] {
                var bytes = clean
                let head: [UInt8]
                if size == 21 {
                    let number = (width - 1) | (height - 1) << 14 | (Int(clean[24]) >> 4 & 1) << 28
                    head = (0..<4).map { UInt8(number >> (8 * $0) & 0xFF) }
                } else {
                    head = [UInt8(width & 0xFF), UInt8(width >> 8), UInt8(height & 0xFF), UInt8(height >> 8)]
                }
                bytes.replaceSubrange(size..<size + 4, with: head)
                bytes += [UInt8](repeating: 0, count: more)
                for (place, count) in [(4, bytes.count - 8), (16, bytes.count - 20)] {
                    for index in 0..<4 { bytes[place + index] = UInt8(count >> (8 * index) & 0xFF) }
                }
                return bytes
            }
            let content = clean.count - 20
            #expect(fault(file(32, content)) == nil)
            #expect(fault(file(1024, content + 1)) == .damaged)
            #expect(fault(file(4096, 4096)) == .damaged)
            #expect(fault(file(4096, 4096, more: 16384)) == nil)
        }
    }

    // MARK: The pixels of a PNG

    /// Pixels that inflate to more or less than the declared size, or not at all, are refused.
    @Test func pixelsInflateToWhatTheSizeSays() {
        #expect(fault(PNGFile().bytes) == nil)
        let rows = PNGFile().rows
        #expect(fault(PNGFile(pixels: rows + [0]).bytes) == .damaged)
        #expect(fault(PNGFile(pixels: rows.dropLast()).bytes) == .damaged)
        #expect(fault(PNGFile(pixels: []).bytes) == .damaged)
        // Twenty megabytes in twenty kilobytes.
        let bomb = PNGFile(pixels: [UInt8](repeating: 0, count: 20 << 20)).bytes
        #expect(bomb.count < 21 << 10)
        #expect(fault(bomb) == .damaged)
    }

    /// 1, 2, 4 and 8 bits of grey, 16 bits of each of four channels, a palette; rows that end within a byte; seven
    /// passes, of which small pictures have fewer.
    @Test(arguments: [(UInt8(1), UInt8(0)), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (4, 3), (8, 4), (16, 6)])
    func theSizeFollowsFromDepthColourAndPasses(_ depth: UInt8, _ colour: UInt8) {
        for interlace: UInt8 in [0, 1] {
            for (width, height) in [(1, 1), (1, 9), (3, 5), (8, 8), (9, 2), (17, 33)] as [(Int, Int)] {
                let file = PNGFile(width: width, height: height, depth: depth, colour: colour, interlace: interlace)
                #expect(fault(file.bytes) == nil, "\(width) x \(height), \(interlace)")
                var longer = file
                longer.pixels = file.rows + [0]
                #expect(fault(longer.bytes) == .damaged, "\(width) x \(height), \(interlace)")
            }
        }
    }

    @Test func damagedPixelsAreRefused() throws {
        let whole = PNGFile().stream
        var streams: [[UInt8]] = [Array(whole.dropLast()), whole + [0], [], [0x78], [0x78, 0x9C]]
        // A wrong checksum, a preset dictionary, a window that is too large, an unknown method.
        for (index, value) in [(whole.count - 1, whole.last! ^ 1), (1, 0xBB), (0, 0x88), (0, 0x79)] as [(Int, UInt8)] {
            var stream = whole
            stream[index] = value
            streams.append(stream)
        }
        for stream in streams {
            var file = PNGFile()
            file.packed = stream
            #expect(fault(file.bytes) == .damaged, "\(stream)")
        }
        // Filters are 0 to 4.
        for filter: UInt8 in 0...6 {
            var file = PNGFile()
            var rows = file.rows
            rows[25] = filter
            file.pixels = rows
            #expect(fault(file.bytes) == (filter <= 4 ? nil : .damaged), "\(filter)")
        }
    }

    @Test func aPaletteStandsBeforeThePixels() {
        var file = PNGFile(depth: 8, colour: 3)
        file.palette = []
        #expect(fault(file.bytes) == .damaged)
        file.palette = [1, 2]
        #expect(fault(file.bytes) == .damaged)
    }

    /// One chunk per byte.
    @Test func pixelsMayComeInPieces() throws {
        var file = PNGFile()
        file.piece = 1
        #expect(try ImageFile(file.bytes).width == 24)
        file.pixels = file.rows + [0]
        #expect(fault(file.bytes) == .damaged)
    }

    /// Section 5.6: the chunks follow one another. Empty ones are dropped.
    @Test func pixelsStandTogether() throws {
        let text = PNGFile.chunk("tEXt", Array("a\0b".utf8))
        var file = PNGFile()
        let clean = try ImageFile(file.bytes)
        file.piece = 8
        file.between = text
        #expect(fault(file.bytes) == .damaged)
        file.between = PNGFile.chunk("gAMA", [0, 0, 0, 1])
        #expect(fault(file.bytes) == .damaged)
        file.between = PNGFile.chunk("IDAT", [])
        file.piece = file.stream.count - 1
        let image = try ImageFile(file.bytes)
        #expect(image.bytes.count == clean.bytes.count + 12, "two chunks with content")
        file.piece = .max
        file.more = PNGFile.chunk("IDAT", [])
        #expect(try ImageFile(file.bytes) == clean)
        file.more += text
        #expect(fault(file.bytes) == .damaged)
    }

    /// A chunk with a wrong checksum, an unknown critical chunk, an ancillary chunk.
    @Test func chunksOfAPNGAreChecked() {
        var bytes = PNGFile().bytes
        bytes[bytes.count - 1] ^= 1
        #expect(fault(bytes) == .damaged)
        var file = PNGFile()
        file.more = PNGFile.chunk("CgBI", [1])
        #expect(fault(file.bytes) == .damaged)
        file.more = PNGFile.chunk("caBX", [1])
        #expect(fault(file.bytes) == nil)
    }
}
