// A buffer of the CPU backend: f32, zero-filled.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#include "tugline/backend/backend.h"
#include "tugline/backend/cpu/aligned_floats.h"
#include "tugline/backend/cpu/row.h"
#include "tugline/backend/host_view.h"

namespace tugline::cpu {

inline void copy_row(const float* from, float* to, int64_t columns) {
  std::memcpy(to, from, static_cast<size_t>(columns) * sizeof(float));
}

class CpuBuffer final : public Buffer {
 public:
  CpuBuffer(int64_t rows, int64_t columns) : CpuBuffer(rows, columns, AlignedFloats(rows * columns)) {}
  // A copy.
  explicit CpuBuffer(const ConstMatrix& from) : CpuBuffer(from.rows, from.columns) {
    for (int64_t r = 0; r < from.rows; ++r) copy_row(row(from, r), row(matrix(), r), from.columns);
  }

 private:
  CpuBuffer(int64_t rows, int64_t columns, AlignedFloats values)
      : Buffer(view_of(values.data(), rows, columns)), values_(std::move(values)) {}
  AlignedFloats values_;
};

}  // namespace tugline::cpu
