// White space in UTF-8 texts, as Python's str.strip() and str.split() define it: the Unicode property
// White_Space, and the separators U+001C to U+001F. The annotated data is made and compared with these
// functions.
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

// `range` (of the whole text) without the white space at its ends. A range that is all white space becomes
// empty.
[[nodiscard]] ByteRange trimmed(std::string_view text, ByteRange range);
[[nodiscard]] std::string_view trimmed(std::string_view text);

// A text with every run of white space replaced by one space, and the way back to the original.
struct FoldedText {
  std::string text;
  std::vector<int64_t>
      sources;  // for each byte of `text`: its offset in the original; for a run, that of its first byte

  // The range of the original from which the bytes [begin, end) of `text` come. It is not empty; neither end
  // may be a space.
  [[nodiscard]] ByteRange source(size_t begin, size_t end) const {
    return {sources[begin], sources[end - 1] + 1};
  }
};
[[nodiscard]] FoldedText fold_white_space(std::string_view text);

}  // namespace tugline
