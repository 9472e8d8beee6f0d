// The CPU time of this process since a moment: a busy machine does not lengthen it.
#pragma once

#include <ctime>

namespace tugline {

#ifdef TUGLINE_SANITIZED
inline constexpr double kSlowdown = 10;  // what sanitizers may cost
#else
inline constexpr double kSlowdown = 1;
#endif

class CpuTimer {
 public:
  // In seconds of a build without sanitizers.
  [[nodiscard]] double seconds() const {
    return static_cast<double>(std::clock() - start_) / CLOCKS_PER_SEC / kSlowdown;
  }

 private:
  std::clock_t start_ = std::clock();
};

}  // namespace tugline
