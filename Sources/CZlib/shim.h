// zlib. deflateInit2 and inflateInit2 are macros.
#pragma once
#include <zlib.h>

// 15 is the window size in bits, 16 selects the gzip wrapper (RFC 1952).
static inline int lyceum_gzip_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

static inline int lyceum_gunzip_init(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}
