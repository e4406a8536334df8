/// Uploaded images: an accepted image is clean, at most 64 bytes larger than before, and does not change when it is
/// accepted again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    guard let image = try? ImageFile(bytes) else { return 0 }
    require(1...ImageFile.longestSide ~= image.width && 1...ImageFile.longestSide ~= image.height, "\(image)")
    require(image.bytes.count <= bytes.count + 64, "\(image.bytes.count) bytes of \(bytes.count)")
    guard let again = try? ImageFile(image.bytes) else { fatalError("refused when taken again") }
    require(again == image, "\(image), \(again)")
    return 0
}
