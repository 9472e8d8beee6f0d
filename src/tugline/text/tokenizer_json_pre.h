// The `pre_tokenizer` of a tokenizer.json: its steps, checked and put in the one form that tugline runs, a
// list that ends in ByteLevel.
#pragma once

#include "tugline/text/json_fields.h"
#include "tugline/text/pre_tokenizer.h"

namespace tugline {

// Sequences within sequences: no real file goes past one.
inline constexpr int kDeepestSequence = 8;

[[nodiscard]] PreTokenizer read_pre_tokenizer(const JsonField& field);

}  // namespace tugline
