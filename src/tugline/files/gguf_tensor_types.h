// The numbers that GGUF has for element types. Internal to files/.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tugline/core/dtype.h"

namespace tugline {

// Nothing where tugline does not read the type.
[[nodiscard]] std::optional<DType> dtype_of_ggml(uint32_t type);

// For messages, types that tugline does not read included: "IQ4_XS"; "unknown" for a number that is not
// assigned.
[[nodiscard]] std::string_view name_of_ggml(uint32_t type);

}  // namespace tugline
