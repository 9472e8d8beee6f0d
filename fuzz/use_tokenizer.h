// Encodes and decodes a text of many kinds of characters; aborts if the offsets do not lie in the text.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tugline/text/tokenizer.h"

inline void use(const tugline::Tokenizer& tokenizer) {
  constexpr std::string_view kText = "So 12 cafe\u0301 ab.b <s> a\n\n \u4E2D\u1100\u1161 it's";
  const auto encoding = tokenizer.encode(kText, tugline::BosPolicy::kAuto);
  if (encoding.ids.size() != encoding.offsets.size()) std::abort();
  for (const tugline::ByteRange& range : encoding.offsets) {
    if (range.begin < 0 || range.begin > range.end || range.end > static_cast<int64_t>(kText.size()))
      std::abort();
  }
  static_cast<void>(tokenizer.decode(encoding.ids));
}
