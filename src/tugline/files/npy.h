// NumPy's .npy: one array behind a header that is a Python dictionary's text. Internal to files/.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tugline/files/tensor_source.h"

namespace tugline {

// Versions 1 to 3, little-endian f4 or f8, C order; anything else is refused by name. A view into `bytes`, of
// any number of dimensions. Throws Error that begins with `label`.
[[nodiscard]] TensorView parse_npy(std::span<const std::byte> bytes, const std::string& label);

}  // namespace tugline
