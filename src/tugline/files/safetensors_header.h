// The header of one safetensors file, validated. Internal to files/.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "tugline/files/tensor_source.h"

namespace tugline {

// The tensors of a whole file's content, by name ascending, their bytes inside `file`. Throws Error.
[[nodiscard]] std::vector<TensorView> read_safetensors_header(std::span<const std::byte> file,
                                                              const std::string& label);

}  // namespace tugline
