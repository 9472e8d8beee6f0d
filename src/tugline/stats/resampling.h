// The random numbers of resampling. Each resample or permutation has its own stream, so results do not depend
// on threads or on the order in which resamples are made.
#pragma once

#include <cstdint>
#include <string_view>

#include "tugline/core/content_hash.h"
#include "tugline/core/philox.h"

namespace tugline {

// The stream of resample `number`. `purpose` distinguishes different resamplings with one seed.
[[nodiscard]] inline PhiloxSequence resampling_numbers(uint64_t seed, std::string_view purpose,
                                                       int64_t number) {
  ContentHash hash;
  hash.add_text(purpose);
  hash.add_number(static_cast<uint64_t>(number));
  return PhiloxSequence({.key = seed, .stream = hash.value()});
}

}  // namespace tugline
