// The header of one safetensors file, validated. Internal to files/.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "tugline/files/tensor_table.h"

namespace tugline {

// The tensors of a whole file's content, their bytes inside `file`. Throws Error.
[[nodiscard]] FileTensors read_safetensors_header(std::span<const std::byte> file, const std::string& label);

// The file's __metadata__; empty if there is none. Throws Error.
[[nodiscard]] std::map<std::string, std::string> read_safetensors_metadata(std::span<const std::byte> file,
                                                                           const std::string& label);

}  // namespace tugline
