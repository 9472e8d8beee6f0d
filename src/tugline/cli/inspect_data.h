// Finds the tokens of a dataset's anchors and chunks, which a sweep would measure. Needs no model, only a
// tokenizer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tugline/data/dataset.h"
#include "tugline/text/spans.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

struct PlacedExample {
  int64_t index = 0;
  std::string id;
  int64_t tokens = 0;
  bool has_two_bos = false;  // Tokenizer::begins_with_two_bos
  std::vector<SpanOutcome> anchors;
  std::string no_anchor;  // the reason if there are none; otherwise empty
  std::vector<std::string> chunk_texts;
  std::vector<SpanOutcome> chunks;   // one for each text
  std::vector<std::string> metrics;  // the names of the metrics that count the chunks
  std::vector<std::string> doubts;   // Example::doubts
};

[[nodiscard]] std::vector<PlacedExample> place_examples(const std::vector<Example>& dataset,
                                                        const Tokenizer& tokenizer, BosPolicy bos);

// {"examples": [{"index", "id", "tokens", "anchor": {"begin", "end", "chunk"} | null, "anchors": [{"begin",
// "end", "chunk", "text"} | {"skipped"}], "chunks": [{"begin", "end", "text"}], "metrics": [name], "doubts":
// [sentence], "skipped": null | reason}]}. `anchor` is the first of `anchors`, and `skipped` says why it has
// no place. A chunk that has no place among the tokens keeps its entry, so that chunks keep their numbers:
// begin and end are null, and its own "skipped" says why.
[[nodiscard]] std::string placed_examples_json(const std::vector<PlacedExample>& examples);
[[nodiscard]] std::string placed_examples_text(const std::vector<PlacedExample>& examples);

// Errors (kNothingToMeasure): an anchor that has no place among the tokens; no anchor and no chunk that has
// one.
void check_placed(const std::vector<PlacedExample>& examples);

}  // namespace tugline
