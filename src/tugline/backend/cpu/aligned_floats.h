// The CPU backend's memory: f32 on cache lines, zero-filled, large pieces on huge pages where the system has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

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

}  // namespace tugline::cpu
