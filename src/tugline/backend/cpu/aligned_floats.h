// The CPU backend's memory: f32, aligned to cache lines and zero-filled. Large pieces are on huge pages if
// the system has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "tugline/backend/backend.h"

namespace tugline::cpu {

// Unmaps the memory into which a pointer points.
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

// Memory that grows to the largest request and is kept. Its content is lost when it grows.
class FloatRoom {
 public:
  // A dense matrix of f32, valid until the next call.
  [[nodiscard]] Matrix matrix(int64_t rows, int64_t columns);

 private:
  std::optional<AlignedFloats> memory_;
  int64_t capacity_ = 0;
};

}  // namespace tugline::cpu
