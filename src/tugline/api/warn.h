// Sentences for whoever watches a call.
#pragma once

#include <cstdint>
#include <string>

#include "tugline/options.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

// Hands the sentence over, if somebody listens.
inline void warn(const Watch& watch, const std::string& sentence) {
  if (watch.warn) watch.warn(sentence);
}

// That texts begin with the BOS and have another put in front, if `count` of `texts` do.
void warn_of_two_bos(const Tokenizer& tokenizer, int64_t count, int64_t texts, const Watch& watch);

}  // namespace tugline
