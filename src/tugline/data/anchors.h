// Finds an anchor in the reasoning text, and the chunk that it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/core/ids.h"

namespace tugline {

struct Anchor {
  std::string
      sentence;  // as annotated, without white space at its ends; if there is none, the text of chunk `index`
  std::optional<int64_t> index;    // thought_anchor_idx
  std::optional<ByteRange> place;  // within cot
  int64_t chunk = -1;              // the chunk that shares most bytes with it; -1 if there is none
  std::string problem;  // why `place` is absent: a clause without a full stop; empty if there is a place
  std::string doubt;    // how `index` contradicts the text; empty if it does not
};

// The text that anchors are looked for in.
struct AnchorText {
  std::string_view cot;
  const std::vector<ByteRange>& chunks;
};

// Looks for `sentence` word for word, then with any white space for white space. If it occurs several times,
// takes the occurrence that shares a byte with chunk `index`, or the first one if there is no index. Without
// a sentence, the anchor is chunk `index`; one of the two must be given. Takes linear time.
[[nodiscard]] Anchor place_anchor(std::string_view sentence, std::optional<int64_t> index,
                                  const AnchorText& text);

}  // namespace tugline
