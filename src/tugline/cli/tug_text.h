// The text that `tugline tug` runs, and its spans, from the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/api/running_text.h"
#include "tugline/cli/data_arguments.h"

namespace tugline {

// Exactly one of text, ids and data is given. At most one of span, sentence and every_sentence is; without
// one, data's anchor is the span.
struct TextArguments {
  std::optional<std::string> text = {};
  std::optional<std::string> ids = {};  // "1,2,3"
  std::optional<DataArguments> data = {};
  int64_t example = 0;                       // of the data
  std::optional<std::string> span = {};      // "B:E"
  std::optional<std::string> sentence = {};  // looked for in the text
  bool every_sentence = false;
  BosPolicy bos = BosPolicy::kAuto;
};

// The text as it is shown.
struct TugText {
  std::vector<int32_t> ids;  // the ids that are run, BOS included
  // The bytes of each id; all empty if the model has no tokenizer.
  std::vector<std::string> pieces;
};

// Whether the text cannot be resolved without a tokenizer. Ids with kNever can.
[[nodiscard]] bool needs_tokenizer(const TextArguments& arguments);

// `tokenizer` may be null if the arguments do not need it. Errors: an option that does not parse; an example
// that the data does not have; those of reading data.
[[nodiscard]] RunningText resolve_text(const TextArguments& arguments, const Tokenizer* tokenizer);

// The span, if it is one. Errors: a sentence that does not occur in the text, or occurs more than once; no
// anchor. Token numbers are not checked against the text.
[[nodiscard]] Span resolve_span(const TextArguments& arguments, const RunningText& text,
                                const Tokenizer* tokenizer);

[[nodiscard]] TugText shown_text(const RunningText& text, const Tokenizer* tokenizer);

}  // namespace tugline
