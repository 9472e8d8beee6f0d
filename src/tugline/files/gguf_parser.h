// The binary layout of GGUF: bytes to GgufContents, everything checked. Internal to files/.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tugline/files/gguf.h"

namespace tugline {

// Views into `bytes`. Throws Error that begins with `label`.
[[nodiscard]] GgufContents parse_gguf(std::span<const std::byte> bytes, const std::string& label);

// Bytes of one value of a fixed-size type; 0 for strings and arrays.
[[nodiscard]] uint64_t fixed_size(GgufType type);

}  // namespace tugline
