// White space in UTF-8 texts as Python's str.strip() and str.split() know it, because the annotated data is made and
// compared with these: the Unicode property White_Space, and the separators U+001C to U+001F.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/core/ids.h"

namespace tugline {

// Bytes of the white-space character that begins at `at`, or that ends just before `end`; 0 if none does.
[[nodiscard]] size_t space_at(std::string_view text, size_t at);
[[nodiscard]] size_t space_before(std::string_view text, size_t end);

// The part of `range` (of the whole text) without the white space at its ends. An all-white range becomes empty.
[[nodiscard]] ByteRange trimmed(std::string_view text, ByteRange range);
[[nodiscard]] std::string_view trimmed(std::string_view text);

// A text with every run of white space written as one space, and the way back.
struct FoldedText {
  std::string text;
  std::vector<int64_t>
      sources;  // of each byte of `text`: where it (of a run: the run's first byte) is in the original

  // Where the non-empty bytes [begin, end) of `text` come from. Neither end may be a space.
  [[nodiscard]] ByteRange source(size_t begin, size_t end) const {
    return {sources[begin], sources[end - 1] + 1};
  }
};
[[nodiscard]] FoldedText fold_white_space(std::string_view text);

}  // namespace tugline
