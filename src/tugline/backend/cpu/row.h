// A row of an f32 matrix, as the kernels take it.
#pragma once

#include "tugline/backend/backend.h"

namespace tugline::cpu {

[[nodiscard]] inline float* row(const Matrix& m, int64_t r) {
  return reinterpret_cast<float*>(m.data) + r * m.stride;
}
[[nodiscard]] inline const float* row(const ConstMatrix& m, int64_t r) {
  return reinterpret_cast<const float*>(m.data) + r * m.stride;
}

}  // namespace tugline::cpu
