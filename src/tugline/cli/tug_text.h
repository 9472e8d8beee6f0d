// The text that `tugline tug` runs: its token ids and its span, from the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

// Exactly one of text and ids is given, and exactly one of span and sentence.
struct TextArguments {
  std::optional<std::string> text;
  std::optional<std::string> ids;       // "1,2,3"
  std::optional<std::string> span;      // "B:E"
  std::optional<std::string> sentence;  // looked for in the text
  BosPolicy bos = BosPolicy::kAuto;
};

struct TugText {
  std::vector<int32_t> ids;  // the ids that are run, BOS included
  TokenRange span;           // indexes ids; not checked against them if it was given
  // The bytes of each id; all empty if the model has no tokenizer.
  std::vector<std::string> pieces;
};

// Whether the text cannot be resolved without a tokenizer. Ids with kNever can.
[[nodiscard]] bool needs_tokenizer(const TextArguments& arguments);

// `tokenizer` may be null if the arguments do not need it: then pieces are empty. Errors: an option that does
// not parse; a sentence that does not occur in the text, or occurs more than once.
[[nodiscard]] TugText resolve_tug_text(const TextArguments& arguments, const Tokenizer* tokenizer);

}  // namespace tugline
