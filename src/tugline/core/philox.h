// Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011), through Random123. A stream is a pure function of its key and stream number, and does not depend
// on order, threads, batch size or device.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace tugline {

// Names one stream: `key` is the user's seed, `stream` the identity of what the numbers are for.
struct PhiloxStream {
  uint64_t key = 0;
  uint64_t stream = 0;
};

// Fills `out` with independent standard normals (Box-Muller in f64 on 32-bit uniforms from the open unit
// interval). Element i depends on the stream and i only. Thread-safe.
void fill_normals(PhiloxStream stream, std::span<double> out);

// Fills `out` with uniforms on the open interval (0, 1), 32 bits of randomness each. Thread-safe.
void fill_uniforms(PhiloxStream stream, std::span<double> out);

// Returns the integers of one stream one by one. Used for
// resampling, which does not know in advance how many it needs.
class PhiloxSequence {
 public:
  explicit PhiloxSequence(PhiloxStream stream) : stream_(stream) {}
  // Uniform on [0, bound), bound >= 1: the upper half of a 32 x 32 bit product. No number's probability is
  // off by more than 2^-32.
  [[nodiscard]] uint32_t below(uint32_t bound);

 private:
  PhiloxStream stream_;
  uint64_t block_ = 0;
  std::array<uint32_t, 4> words_{};
  size_t next_ = 4;  // of words_; 4: all are used
};

}  // namespace tugline
