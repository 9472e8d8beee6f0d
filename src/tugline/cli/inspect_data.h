// Where a dataset's anchors and chunks lie among a tokenizer's tokens: what a sweep would measure, without a model.
#pragma once

#include <string>
#include <vector>

#include "tugline/data/dataset.h"
#include "tugline/text/spans.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

struct PlacedExample {
  int64_t index = 0;
  int64_t tokens = 0;
  SpanOutcome anchor;
  std::vector<std::string> chunk_texts;
  std::vector<SpanOutcome> chunks;  // one for each text
};

[[nodiscard]] std::vector<PlacedExample> place_examples(const std::vector<Example>& dataset,
                                                        const Tokenizer& tokenizer, BosPolicy bos);

// {"examples": [{"index", "tokens", "anchor": {"begin", "end"} | null, "chunks": [{"begin", "end", "text"}], "skipped": null |
// reason}]}. `skipped` says why there is no anchor. A chunk that has no place among the tokens keeps its entry, so that chunks keep
// their numbers: begin and end are null, and its own "skipped" says why.
[[nodiscard]] std::string placed_examples_json(const std::vector<PlacedExample>& examples);
[[nodiscard]] std::string placed_examples_text(const std::vector<PlacedExample>& examples);

}  // namespace tugline
