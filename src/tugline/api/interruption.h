// What the error of an interrupted call says of the work that was done.
#pragma once

#include <string>

#include "tugline/core/error.h"

namespace tugline {

// Runs `work`. If it is interrupted, the error also says what is kept of it.
template <typename Work>
void say_what_is_kept(const std::string& kept, Work&& work) {
  try {
    work();
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kInterrupted) throw;
    throw Error(ErrorCode::kInterrupted, std::string(e.what()) + "; " + kept);
  }
}
// What is kept of a sweep into the store.
inline std::string kept_units(const std::string& path) {
  return "finished units are kept in " + path + ", and the same command goes on there";
}

}  // namespace tugline
