// The random numbers of resampling: each resample or permutation has a stream of its own, so that results depend on neither threads nor
// the order in which they are made.
#pragma once

#include <cstdint>
#include <string_view>

#include "tugline/core/content_hash.h"
#include "tugline/core/philox.h"

namespace tugline {

// Of the resample `number`; `purpose` tells apart what is resampled with one seed.
[[nodiscard]] inline PhiloxSequence resampling_numbers(uint64_t seed, std::string_view purpose,
                                                       int64_t number) {
  ContentHash hash;
  hash.add_text(purpose);
  hash.add_number(static_cast<uint64_t>(number));
  return PhiloxSequence({.key = seed, .stream = hash.value()});
}

}  // namespace tugline
