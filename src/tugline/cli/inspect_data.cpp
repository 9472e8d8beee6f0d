#include "tugline/cli/inspect_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tugline/cli/terminal.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

using Json = nlohmann::ordered_json;

PlacedExample place(const Example& example, const Tokenizer& tokenizer, BosPolicy bos) {
  const Encoding encoding = tokenizer.encode(example.transcript, bos);
  const SpanQuery query{.transcript = example.transcript, .cot = example.cot, .chunks = &example.chunks};
  PlacedExample placed{.index = example.index,
                       .id = example.id,
                       .tokens = static_cast<int64_t>(encoding.ids.size()),
                       .has_two_bos = tokenizer.begins_with_two_bos(encoding.ids),
                       .anchors = {},
                       .no_anchor = example.no_anchor,
                       .chunk_texts = {},
                       .chunks = find_chunk_spans(query, encoding),
                       .metrics = {},
                       .doubts = example.doubts};
  for (const Anchor& anchor : example.anchors) {
    placed.anchors.push_back(find_anchor_span(query,
                                              {.sentence = anchor.sentence,
                                               .place = anchor.place,
                                               .chunk = anchor.chunk,
                                               .problem = anchor.problem},
                                              encoding, tokenizer));
  }
  for (const ByteRange& chunk : example.chunks)
    placed.chunk_texts.push_back(
        example.cot.substr(static_cast<size_t>(chunk.begin), static_cast<size_t>(chunk.size())));
  for (const auto& [name, values] : example.chunk_metrics) placed.metrics.push_back(name);
  return placed;
}

Json chunk_json(const SpanOutcome& chunk, const std::string& text) {
  if (chunk.span)
    return {{"begin", chunk.span->tokens.begin}, {"end", chunk.span->tokens.end}, {"text", text}};
  return {{"begin", nullptr}, {"end", nullptr}, {"text", text}, {"skipped", chunk.skipped}};
}

Json anchor_json(const Span& span) {
  return {{"begin", span.tokens.begin},
          {"end", span.tokens.end},
          {"chunk", span.chunk >= 0 ? Json(span.chunk) : Json()}};
}

std::string full_stop(const std::string& reason) { return reason.empty() ? reason : reason + "."; }

Json example_json(const PlacedExample& example) {
  Json json = {{"index", example.index},
               {"id", example.id.empty() ? Json() : Json(example.id)},
               {"tokens", example.tokens},
               {"anchor", nullptr},
               {"anchors", Json::array()},
               {"chunks", Json::array()},
               {"metrics", example.metrics},
               {"doubts", example.doubts},
               {"skipped", example.anchors.empty() ? Json(full_stop(example.no_anchor)) : Json()}};
  for (const SpanOutcome& anchor : example.anchors) {
    Json entry = anchor.span ? anchor_json(*anchor.span) : Json{{"skipped", anchor.skipped}};
    if (anchor.span) entry["text"] = anchor.span->text;
    json["anchors"].push_back(std::move(entry));
  }
  if (!example.anchors.empty()) {
    const SpanOutcome& first = example.anchors.front();
    if (first.span) json["anchor"] = anchor_json(*first.span);
    if (!first.span) json["skipped"] = first.skipped;
  }
  for (size_t i = 0; i < example.chunks.size(); ++i)
    json["chunks"].push_back(chunk_json(example.chunks[i], example.chunk_texts[i]));
  return json;
}

std::string range_text(TokenRange tokens) { return fmt::format("{}:{}", tokens.begin, tokens.end); }

// How many metrics count the chunks, or that none can be trusted to.
std::string metrics_text(const PlacedExample& example) {
  return example.doubts.empty() ? fmt::format("{}", example.metrics.size()) : "doubtful";
}

std::string anchor_text(const SpanOutcome& anchor) {
  return fmt::format("{:>14}  {}\n", anchor.span ? range_text(anchor.span->tokens) : "none",
                     anchor.span ? visible(anchor.span->text) : anchor.skipped);
}

std::string example_text(const PlacedExample& example) {
  const auto placed = std::count_if(example.chunks.begin(), example.chunks.end(),
                                    [](const SpanOutcome& chunk) { return chunk.span.has_value(); });
  const std::string front = fmt::format("{:>7}{:>8}{:>8}{:>8}{:>10}", example.index, example.tokens,
                                        example.chunks.size(), placed, metrics_text(example));
  if (example.anchors.empty()) return front + anchor_text({std::nullopt, full_stop(example.no_anchor)});
  std::string text;
  for (const SpanOutcome& anchor : example.anchors)
    text += (text.empty() ? front : std::string(front.size(), ' ')) + anchor_text(anchor);
  return text;
}

}  // namespace

std::vector<PlacedExample> place_examples(const std::vector<Example>& dataset, const Tokenizer& tokenizer,
                                          BosPolicy bos) {
  std::vector<PlacedExample> placed;
  for (const Example& example : dataset) placed.push_back(place(example, tokenizer, bos));
  return placed;
}

std::string placed_examples_json(const std::vector<PlacedExample>& examples) {
  Json json = {{"examples", Json::array()}};
  for (const PlacedExample& example : examples) json["examples"].push_back(example_json(example));
  return json.dump() + "\n";
}

std::string placed_examples_text(const std::vector<PlacedExample>& examples) {
  std::string text = fmt::format("{:>7}{:>8}{:>8}{:>8}{:>10}{:>14}  anchor's text, or why there is none\n",
                                 "example", "tokens", "chunks", "placed", "metrics", "anchor");
  for (const PlacedExample& example : examples) text += example_text(example);
  return text;
}

void check_placed(const std::vector<PlacedExample>& examples) {
  int64_t anchors = 0;
  int64_t missing = 0;
  bool has_chunk = false;
  for (const PlacedExample& example : examples) {
    for (const SpanOutcome& anchor : example.anchors) {
      ++anchors;
      if (!anchor.span) ++missing;
    }
    has_chunk = has_chunk || std::any_of(example.chunks.begin(), example.chunks.end(),
                                         [](const SpanOutcome& chunk) { return chunk.span.has_value(); });
  }
  if (missing > 0)
    fail(ErrorCode::kNothingToMeasure, "{} of {} anchor{} could not be placed among the tokens", missing,
         anchors, anchors == 1 ? "" : "s");
  if (anchors == 0 && !has_chunk)
    fail(ErrorCode::kNothingToMeasure, "no example has an anchor or a chunk that a sweep could measure");
}

}  // namespace tugline
