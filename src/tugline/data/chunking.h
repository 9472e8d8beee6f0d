// Splits a reasoning text into sentence-like chunks. The rule is that
// of the annotated datasets, because their thought_anchor_idx and
// per-chunk metrics count these chunks. It does not know abbreviations.
#pragma once

#include <string_view>
#include <vector>

#include "tugline/core/ids.h"

namespace tugline {

// Byte ranges of the chunks within `cot`, in order, non-overlapping, each trimmed of surrounding white space
// (core/white_space).
// - A chunk ends after '.', '?' or '!' if a space or a line feed follows, and at a blank line.
// - Text after the last such end (an unfinished sentence, or a final one) is not a chunk, because the
// annotations do not count it.
// - A piece of fewer than 10 characters ("1.", "years.") is joined to the next piece; the last one is joined
// to the one before. The annotations join pieces with one space, so their text of a chunk and its bytes here
// may differ in white space. Accepts any bytes; takes linear time. Thread-safe.
[[nodiscard]] std::vector<ByteRange> split_chunks(std::string_view cot);

}  // namespace tugline
