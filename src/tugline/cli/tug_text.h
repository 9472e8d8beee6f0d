// The text that `tugline tug` runs: its token ids and its span, from what the command line gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/files/model_source.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

// Of text and ids one is given, and of span and sentence.
struct TextArguments {
  std::optional<std::string> text;
  std::optional<std::string> ids;       // "1,2,3"
  std::optional<std::string> span;      // "B:E"
  std::optional<std::string> sentence;  // looked for in the text
  BosPolicy bos = BosPolicy::kAuto;
};

struct TugText {
  std::vector<int32_t> ids;  // that are run, BOS included
  TokenRange span;           // indexes ids; not checked against them where it was given
  // The bytes of each id; all empty where the model has no tokenizer.
  std::vector<std::string> pieces;
};

// A model without a tokenizer will do for ids with kNever. Errors: an option that does not parse; a sentence that the text does not
// have, or has more than once; a BOS, text or sentence that needs what is not there.
[[nodiscard]] TugText resolve_tug_text(const TextArguments& arguments, const ModelSource& source);

}  // namespace tugline
