// Compresses and uncompresses bytes by zlib's deflate (RFC 1951).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace tugline {

// kZlib: with zlib's header and checksum (RFC 1950). kNone: the bare stream, as in a zip archive.
enum class DeflateFrame { kZlib, kNone };

// `level`: zlib's, 1 (fastest) to 9 (smallest). The bytes may differ between versions of zlib.
[[nodiscard]] std::vector<std::byte> deflated(std::span<const std::byte> bytes, int level);

// No value if `bytes` is not one whole stream, or makes more than `most` bytes. Takes memory for what has
// been uncompressed, a few times over, and not for `most`.
[[nodiscard]] std::optional<std::vector<std::byte>> inflated(std::span<const std::byte> bytes, size_t most,
                                                             DeflateFrame frame);

}  // namespace tugline
