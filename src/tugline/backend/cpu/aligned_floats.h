// The CPU backend's memory: f32 on cache lines, zero-filled, large pieces on huge pages where the system has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "tugline/backend/backend.h"

namespace tugline::cpu {

// Unmaps the memory that lies behind a pointer into it.
struct Unmap {
  std::byte* mapping = nullptr;
  size_t bytes = 0;
  void operator()(float* p) const;
};

class AlignedFloats {
 public:
  // Throws std::bad_alloc.
  explicit AlignedFloats(int64_t count);
  [[nodiscard]] float* data() const { return data_.get(); }

 private:
  std::unique_ptr<float[], Unmap> data_;
};

// Memory that grows to the most that was asked for and is kept. What it held is lost when it grows.
class FloatRoom {
 public:
  // Dense, of f32; taken again by the next call.
  [[nodiscard]] Matrix matrix(int64_t rows, int64_t columns);

 private:
  std::optional<AlignedFloats> memory_;
  int64_t capacity_ = 0;
};

}  // namespace tugline::cpu
