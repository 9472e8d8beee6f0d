// Parses the binary layout of GGUF into GgufContents, and checks all of it. Internal to files/.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tugline/files/gguf.h"

namespace tugline {

// The result holds views into `bytes`. Throws Error that begins with `label`.
[[nodiscard]] GgufContents parse_gguf(std::span<const std::byte> bytes, const std::string& label);

// Bytes of one value of a fixed-size type; 0 for strings and arrays, whose size varies.
[[nodiscard]] uint64_t fixed_size(GgufType type);

}  // namespace tugline
