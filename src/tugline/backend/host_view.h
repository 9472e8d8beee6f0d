// Views of numbers in the host's memory, for backends that compute there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "tugline/backend/backend.h"

namespace tugline {

// A dense matrix of `values` [rows, columns], f32 or f64. A view of const numbers is a ConstMatrix.
template <typename Number>
[[nodiscard]] auto view_of(Number* values, int64_t rows, int64_t columns) {
  static_assert(std::is_same_v<std::remove_const_t<Number>, float> ||
                std::is_same_v<std::remove_const_t<Number>, double>);
  using Byte = std::conditional_t<std::is_const_v<Number>, const std::byte, std::byte>;
  constexpr Element kElement = sizeof(Number) == sizeof(double) ? Element::kF64 : Element::kF32;
  return MatrixView<Byte>{reinterpret_cast<Byte*>(values), rows, columns, columns, kElement};
}

}  // namespace tugline
