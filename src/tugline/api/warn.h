// Passes warnings to the watcher of a call.
#pragma once

#include <cstdint>
#include <string>

#include "tugline/options.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

// Passes the sentence on, if there is a watcher.
inline void warn(const Watch& watch, const std::string& sentence) {
  if (watch.warn) watch.warn(sentence);
}

// Warns if `count` of `texts` begin with the BOS and get another one in front.
void warn_of_two_bos(const Tokenizer& tokenizer, int64_t count, int64_t texts, const Watch& watch);

}  // namespace tugline
