// How backends ask whether to continue.
#pragma once

#include <utility>

#include "tugline/backend/backend.h"
#include "tugline/core/error.h"

namespace tugline {

// Errors: kInterrupted.
inline void check_interruption(const KeepGoing& keep_going) {
  if (keep_going && !keep_going()) throw Error(ErrorCode::kInterrupted, "interrupted");
}

// The same weight; it asks before each slice is read.
[[nodiscard]] inline LinearSource interruptible(LinearSource source, const KeepGoing& keep_going) {
  if (!keep_going) return source;
  source.fill_rows = [fill = std::move(source.fill_rows), keep_going](int64_t begin, std::span<float> out) {
    check_interruption(keep_going);
    fill(begin, out);
  };
  return source;
}

}  // namespace tugline
