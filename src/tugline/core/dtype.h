// Element types of tensors as model files store them, quantised blocks included.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tugline {

enum class DType {
  kF64,
  kF32,
  kF16,
  kBF16,
  kQ8_0,
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ2_K,
  kQ3_K,
  kQ4_K,
  kQ5_K,
  kQ6_K,
  kIQ4_NL,
  kIQ4_XS
};

// Quantised types store `elements` values in each block of `bytes` bytes; plain types have blocks of one.
struct BlockShape {
  int64_t elements;
  int64_t bytes;
};

[[nodiscard]] BlockShape block_shape(DType dtype);

// The name used in messages: "F32", "BF16", "Q4_K".
[[nodiscard]] std::string_view name_of(DType dtype);

}  // namespace tugline
