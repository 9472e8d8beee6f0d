// The header of one safetensors file, validated. Internal to files/.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tugline/files/tensor_table.h"

namespace tugline {

// The tensors of a whole file's content, their bytes inside `file`. Throws Error.
[[nodiscard]] FileTensors read_safetensors_header(std::span<const std::byte> file, const std::string& label);

}  // namespace tugline
