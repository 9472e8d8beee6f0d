// Splits a reasoning text into sentence-like chunks, numbered as the annotated datasets number them:
// thought_anchor_idx and the per-chunk metrics count these. So the rule is theirs and not a linguist's: it
// knows no abbreviations.
#pragma once

#include <string_view>
#include <vector>

#include "tugline/core/ids.h"

namespace tugline {

// Byte ranges of the chunks within `cot`, in order, non-overlapping, each trimmed of surrounding white space
// (core/white_space).
// - A chunk ends after '.', '?' or '!' if a space or a line feed follows, and at a blank line.
// - Text after the last such end (an unfinished sentence, or the final one) is not a chunk: the annotations stop
// before it.
// - A piece of fewer than 10 characters ("1.", "years.") joins the next piece; the last one joins its predecessor.
// Accepts any bytes; linear time. Thread-safe.
// The annotations join pieces with one space, so a chunk's text there and its bytes here may differ in white space.
[[nodiscard]] std::vector<ByteRange> split_chunks(std::string_view cot);

}  // namespace tugline
