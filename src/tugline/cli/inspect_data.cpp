#include "tugline/cli/inspect_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tugline/cli/terminal.h"
#include "tugline/data/chunking.h"

namespace tugline {
namespace {

using Json = nlohmann::ordered_json;

PlacedExample place(const Example& example, const Tokenizer& tokenizer, BosPolicy bos) {
  const std::vector<ByteRange> chunks = split_chunks(example.cot);
  const Encoding encoding = tokenizer.encode(example.transcript, bos);
  SpanQuery query{.transcript = example.transcript,
                  .cot = example.cot,
                  .anchor_sentence = std::nullopt,
                  .anchor_index = example.anchor_index,
                  .chunks = &chunks};
  if (example.anchor_sentence) query.anchor_sentence = *example.anchor_sentence;
  PlacedExample placed{.index = example.index,
                       .tokens = static_cast<int64_t>(encoding.ids.size()),
                       .anchor = find_anchor_span(query, encoding, tokenizer),
                       .chunk_texts = {},
                       .chunks = find_chunk_spans(query, encoding)};
  for (const ByteRange& chunk : chunks)
    placed.chunk_texts.push_back(
        example.cot.substr(static_cast<size_t>(chunk.begin), static_cast<size_t>(chunk.size())));
  return placed;
}

Json chunk_json(const SpanOutcome& chunk, const std::string& text) {
  if (chunk.span)
    return {{"begin", chunk.span->tokens.begin}, {"end", chunk.span->tokens.end}, {"text", text}};
  return {{"begin", nullptr}, {"end", nullptr}, {"text", text}, {"skipped", chunk.skipped}};
}

Json example_json(const PlacedExample& example) {
  Json json = {
      {"index", example.index}, {"tokens", example.tokens}, {"anchor", nullptr}, {"chunks", Json::array()}};
  if (const auto& span = example.anchor.span)
    json["anchor"] = {{"begin", span->tokens.begin}, {"end", span->tokens.end}};
  for (size_t i = 0; i < example.chunks.size(); ++i)
    json["chunks"].push_back(chunk_json(example.chunks[i], example.chunk_texts[i]));
  json["skipped"] = example.anchor.span ? Json() : Json(example.anchor.skipped);
  return json;
}

std::string range_text(TokenRange tokens) { return fmt::format("{}:{}", tokens.begin, tokens.end); }

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
  std::string text = fmt::format("{:>7}{:>8}{:>8}{:>8}{:>14}  anchor's text, or why there is none\n",
                                 "example", "tokens", "chunks", "placed", "anchor");
  for (const PlacedExample& example : examples) {
    const auto chunk_is_placed = [](const SpanOutcome& chunk) { return chunk.span.has_value(); };
    const auto placed = std::count_if(example.chunks.begin(), example.chunks.end(), chunk_is_placed);
    const auto& span = example.anchor.span;
    text += fmt::format("{:>7}{:>8}{:>8}{:>8}{:>14}  {}\n", example.index, example.tokens,
                        example.chunks.size(), placed, span ? range_text(span->tokens) : "none",
                        span ? visible(span->text) : example.anchor.skipped);
  }
  return text;
}

}  // namespace tugline
