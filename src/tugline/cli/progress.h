// How far a sweep is, on a StatusLine.
#pragma once

#include <chrono>
#include <cstdint>

#include "tugline/cli/status_line.h"
#include "tugline/options.h"

namespace tugline {

class ProgressLine {
 public:
  // Says it if there are new pushes and it is time for another line. What is left is estimated from the work
  // that is done, since pushes at one layer take longer than at another.
  void show(const CallProgress& progress);
  void end() { line_.end(); }

 private:
  using Clock = std::chrono::steady_clock;

  int64_t done_ = 0;
  Clock::time_point start_ = Clock::now();
  StatusLine line_ = {};
};

}  // namespace tugline
