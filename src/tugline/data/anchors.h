// Where an anchor is in the reasoning text, and which chunk it is.
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
      sentence;  // as annotated, without white space at its ends; else the text of the chunk that `index` names
  std::optional<int64_t> index;    // thought_anchor_idx
  std::optional<ByteRange> place;  // within cot
  int64_t chunk = -1;              // the chunk that it is, or shares most with; -1 if there is none
  std::string problem;  // why there is no place: a clause without a full stop; empty if there is one
  std::string doubt;    // how `index` contradicts the text; empty if it does not
};

// The text that anchors are looked for in.
struct AnchorText {
  std::string_view cot;
  const std::vector<ByteRange>& chunks;
};

// `sentence` is looked for word for word, then with any white space for white space. If it is there several times, the
// occurrence that shares a byte with chunk `index` is taken, or the first if there is no index. Without a sentence, the
// anchor is chunk `index`. Either must be given. Takes linear time.
[[nodiscard]] Anchor place_anchor(std::string_view sentence, std::optional<int64_t> index,
                                  const AnchorText& text);

}  // namespace tugline
