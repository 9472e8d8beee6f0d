// GGUF's numbers for element types. Internal to files/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tugline/core/dtype.h"

namespace tugline {

// The element type of a GGUF number; no value if tugline does not read that type.
[[nodiscard]] std::optional<DType> dtype_of_ggml(uint32_t type);

// The type's name for messages, also of types that tugline does
// not read: "IQ2_XXS". "unknown" if the number is not assigned.
[[nodiscard]] std::string_view name_of_ggml(uint32_t type);

// The names of all types that tugline reads, for messages: "F32, F16, Q4_0, ...".
[[nodiscard]] std::string readable_ggml_types();

}  // namespace tugline
