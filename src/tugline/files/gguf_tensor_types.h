// The numbers that GGUF has for element types. Internal to files/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tugline/core/dtype.h"

namespace tugline {

// Nothing where tugline does not read the type.
[[nodiscard]] std::optional<DType> dtype_of_ggml(uint32_t type);

// For messages, types that tugline does not read included: "IQ2_XXS"; "unknown" for a number that is not
// assigned.
[[nodiscard]] std::string_view name_of_ggml(uint32_t type);

// The names of all types that tugline reads, for messages: "F32, F16, Q4_0, ...".
[[nodiscard]] std::string readable_ggml_types();

}  // namespace tugline
