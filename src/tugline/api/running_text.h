// A text in the form in which a model runs it: its token ids, and the example of a dataset that it is. What a
// user gives as a text or as ids becomes an example too, so that one code finds the spans of all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tugline/data/dataset.h"
#include "tugline/options.h"
#include "tugline/text/spans.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

struct RunningText {
  enum class From { kText, kIds, kDataset };
  // `content_hash` keys random directions: that of the dataset's example, so that a tug draws a sweep's
  // directions; else of the ids. The reasoning text of a plain text is all of it.
  Example example;
  Encoding encoding;  // BOS included; of ids without offsets
  From from = From::kText;
};

// Its sentences are those of docs/dataset.md, "Chunks", and what comes after the last of them. Errors: those
// of Tokenizer::encode.
[[nodiscard]] RunningText running_text(const std::string& text, BosPolicy bos, const Tokenizer& tokenizer);
[[nodiscard]] RunningText running_ids(std::vector<int32_t> ids);
// Errors (kUsage): an example that the dataset does not have.
[[nodiscard]] RunningText running_example(const Dataset& dataset, int64_t example, BosPolicy bos,
                                          const Tokenizer& tokenizer);

// The tokens of the example's first anchor that is found in the text; informs of others. Errors: kUsage if
// the text is of no dataset; kInput if no anchor is found, with the reason.
[[nodiscard]] Span anchor_span(const RunningText& text, const Tokenizer& tokenizer, const Watch& watch);

// The tokens that hold `sentence`, which must occur exactly once. Errors: those of sentence_span; kUsage for
// ids.
[[nodiscard]] Span span_of_sentence(const RunningText& text, std::string_view sentence);

// One outcome for each sentence, in the order of the text: the chunks of a dataset's example. Errors (kUsage)
// for ids.
[[nodiscard]] std::vector<SpanOutcome> sentence_spans(const RunningText& text);

}  // namespace tugline
