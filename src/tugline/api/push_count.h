// Counts the pushes of parts that are read or measured again, reports the progress to the caller, and asks
// whether to go on.
#pragma once

#include <cstdint>
#include <string>

#include "tugline/options.h"

namespace tugline {

class PushCount {
 public:
  // `all`: how many pushes there will be. `watch` must outlive the count.
  PushCount(const Watch& watch, int64_t all) : watch_(watch), all_(all) {}

  // `unit`: the one that is done, if one is. Returns false if the caller wants no more.
  [[nodiscard]] bool add(int64_t pushes, const std::string& unit = {}) {
    done_ += pushes;
    if (watch_.progress)
      watch_.progress({.pushes = done_,
                       .all_pushes = all_,
                       .work = all_ > 0 ? static_cast<double>(done_) / static_cast<double>(all_) : 1,
                       .unit = unit});
    return !watch_.keep_going || watch_.keep_going();
  }

 private:
  const Watch& watch_;
  int64_t all_;
  int64_t done_ = 0;
};

}  // namespace tugline
