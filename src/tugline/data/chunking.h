// Splits a reasoning text into sentence-like chunks, as the annotated datasets number them (thought_anchor_idx and the per-chunk
// metrics count these).
#pragma once

#include <string_view>
#include <vector>

#include "tugline/core/ids.h"

namespace tugline {

// Byte ranges of the chunks within `cot`, in order, non-overlapping, each trimmed of surrounding white space.
[[nodiscard]] std::vector<ByteRange> split_chunks(std::string_view cot);

}  // namespace tugline
