// Splits a reasoning text into sentence-like chunks, numbered as the annotated datasets number them:
// thought_anchor_idx and the per-chunk metrics count these. So the rule is theirs and not a linguist's: it
// knows no abbreviations.
#pragma once

#include <string_view>
#include <vector>

#include "tugline/core/ids.h"

namespace tugline {

// Byte ranges of the chunks within `cot`, in order, non-overlapping, each trimmed of surrounding white space
// (ASCII).
// - A chunk ends after '.', '?' or '!' where white space follows, and at a blank line.
// - Text after the last such end (an unfinished sentence, or the final one) is no chunk: the annotations stop
// before it.
// - A piece of fewer than 10 characters ("1.", "years.") joins the next piece; the last one joins its
// predecessor. Accepts any bytes; linear time. Thread-safe.
[[nodiscard]] std::vector<ByteRange> split_chunks(std::string_view cot);

}  // namespace tugline
