#include "tugline/api/running_text.h"

#include <fmt/format.h>

#include <utility>

#include "tugline/api/sentence.h"
#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/data/chunking.h"

namespace tugline {
namespace {

uint64_t hash_of(const std::vector<int32_t>& ids) {
  ContentHash hash;
  for (const int32_t id : ids) hash.add_number(static_cast<uint64_t>(id));
  return hash.value();
}

SpanQuery query_of(const Example& example) {
  return {.transcript = example.transcript, .cot = example.cot, .chunks = &example.chunks};
}

void expect_text(const RunningText& text, const char* setting) {
  if (text.from == RunningText::From::kIds)
    refuse(setting, "is looked for in a text, and this transcript was given as ids; give a span");
}

}  // namespace

RunningText running_text(const std::string& text, BosPolicy bos, const Tokenizer& tokenizer) {
  RunningText running;
  running.encoding = tokenizer.encode(text, bos);
  Example& example = running.example;
  example.transcript = text;
  example.cot = text;
  // A blank line ends the last sentence, finished or not.
  example.chunks = split_chunks(text + "\n\n");
  example.content_hash = hash_of(running.encoding.ids);
  return running;
}

RunningText running_ids(std::vector<int32_t> ids) {
  RunningText running;
  running.example.content_hash = hash_of(ids);
  running.encoding.ids = std::move(ids);
  running.from = RunningText::From::kIds;
  return running;
}

RunningText running_example(const Dataset& dataset, int64_t example, BosPolicy bos,
                            const Tokenizer& tokenizer) {
  const int64_t count = std::ssize(dataset.examples);
  if (example < 0 || example >= count)
    refuse("example", "the dataset has no example {}; it has {}, 0 to {}", example, counted(count, "example"),
           count - 1);
  const Example& chosen = dataset.examples[static_cast<size_t>(example)];
  return {.example = chosen,
          .encoding = tokenizer.encode(chosen.transcript, bos),
          .from = RunningText::From::kDataset};
}

Span anchor_span(const RunningText& text, const Tokenizer& tokenizer, const Watch& watch) {
  if (text.from != RunningText::From::kDataset)
    refuse("sentence", "is missing; only an example of a dataset has an anchor");
  const Example& example = text.example;
  std::string reason = example.no_anchor + ".";
  for (size_t i = 0; i < example.anchors.size(); ++i) {
    const Anchor& anchor = example.anchors[i];
    SpanOutcome found = find_anchor_span(query_of(example),
                                         {.sentence = anchor.sentence,
                                          .place = anchor.place,
                                          .chunk = anchor.chunk,
                                          .problem = anchor.problem},
                                         text.encoding, tokenizer);
    if (!found.span) {
      if (i == 0) reason = found.skipped;
      continue;
    }
    if (example.anchors.size() > 1 && watch.inform)
      watch.inform(
          fmt::format("example {} has {}; this is number {}, and a span or a sentence chooses another",
                      example.index, counted(std::ssize(example.anchors), "anchor"), i));
    return *std::move(found.span);
  }
  fail_setting(ErrorCode::kInput, "example",
               "example {} has no anchor to push before: {} Give a sentence or "
               "a span",
               example.index, reason);
}

Span span_of_sentence(const RunningText& text, std::string_view sentence) {
  expect_text(text, "sentence");
  return {.tokens = sentence_span(text.example.transcript, sentence, text.encoding),
          .text = std::string(sentence)};
}

std::vector<SpanOutcome> sentence_spans(const RunningText& text) {
  expect_text(text, "every_sentence");
  return find_chunk_spans(query_of(text.example), text.encoding);
}

}  // namespace tugline
