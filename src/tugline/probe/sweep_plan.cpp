// What a sweep will run, and what decides its numbers.
#include <fmt/ranges.h>

#include <algorithm>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/data/chunking.h"
#include "tugline/probe/sweep.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

const char* name_of(Span::Kind kind) { return kind == Span::Kind::kAnchor ? "anchor" : "chunk"; }

const char* name_of(BosPolicy bos) {
  switch (bos) {
    case BosPolicy::kAuto:
      return "auto";
    case BosPolicy::kAlways:
      return "always";
    case BosPolicy::kNever:
      return "never";
  }
  return "auto";
}

class ExamplePlanner {
 public:
  ExamplePlanner(const Example& example, const Tokenizer& tokenizer, const SweepOptions& options)
      : tokenizer_(tokenizer),
        options_(options),
        encoding_(tokenizer.encode(example.transcript, options.bos)) {
    planned_.example = &example;
    planned_.ids = encoding_.ids;
    chunks_ = split_chunks(example.cot);
    query_ = {.transcript = example.transcript,
              .cot = example.cot,
              .anchor_sentence = std::nullopt,
              .anchor_index = example.anchor_index,
              .chunks = &chunks_};
    if (example.anchor_sentence) query_.anchor_sentence = *example.anchor_sentence;
  }

  PlannedExample plan() {
    for (const Span::Kind kind : options_.spans) {
      if (kind == Span::Kind::kAnchor) {
        add(find_anchor_span(query_, encoding_, tokenizer_), Span::Kind::kAnchor, -1);
        continue;
      }
      const auto outcomes = find_chunk_spans(query_, encoding_);
      for (size_t i = 0; i < outcomes.size(); ++i)
        add(outcomes[i], Span::Kind::kChunk, static_cast<int64_t>(i));
    }
    if (planned_.spans.empty()) give_reason();
    return std::move(planned_);
  }

 private:
  void add(const SpanOutcome& outcome, Span::Kind kind, int64_t chunk) {
    if (outcome.span) {
      planned_.spans.push_back(*outcome.span);
    } else {
      planned_.skipped_spans.push_back({planned_.example->index, name_of(kind), chunk, outcome.skipped});
    }
  }

  // The spans' reasons become the example's own.
  void give_reason() {
    planned_.skipped = planned_.skipped_spans.empty() ? "the reasoning text has no chunks"
                                                      : planned_.skipped_spans.front().reason;
    planned_.skipped_spans.clear();
  }

  const Tokenizer& tokenizer_;
  const SweepOptions& options_;
  Encoding encoding_;
  std::vector<ByteRange> chunks_;
  SpanQuery query_;
  PlannedExample planned_;
};

}  // namespace

int64_t SweepPlan::spans() const {
  int64_t count = 0;
  for (const PlannedExample& example : examples) count += static_cast<int64_t>(example.spans.size());
  return count;
}

SweepPlan plan_sweep(const std::vector<Example>& dataset, const Tokenizer& tokenizer,
                     const SweepOptions& options) {
  SweepPlan plan;
  for (const Example& example : dataset) {
    if (options.max_examples && static_cast<int64_t>(plan.examples.size()) == *options.max_examples) break;
    plan.examples.push_back(ExamplePlanner(example, tokenizer, options).plan());
  }
  return plan;
}

void check_plan(const ModelConfig& config, const SweepPlan& plan, const SweepOptions& options) {
  for (const PlannedExample& planned : plan.examples) {
    if (planned.spans.empty()) continue;
    try {
      check_transcript(config, planned.ids);
      const auto tokens = static_cast<int64_t>(planned.ids.size());
      for (const Span& span : planned.spans)
        check_memory_limit(config, replay_rows(span.tokens, options.readout, tokens), options.limits.memory);
    } catch (const Error& e) {
      fail(e.code(), "example {}: {}", planned.example->index, e.what());
    }
  }
}

std::string vocabulary_text(Vocabulary vocabulary) {
  if (vocabulary == Vocabulary::kExact) return name_of(vocabulary);
  return fmt::format("{}: all but {:g} of the mass in {} tokens at most, {} tokens of the rest",
                     name_of(vocabulary), kHeadRemainder, kMostHead, kTailTokens);
}

UnitKey unit_key(const PlannedExample& planned, const Span& span, LayerIndex layer) {
  return {.example = planned.example->index,
          .span_kind = name_of(span.kind),
          .chunk = span.chunk,
          .layer = layer.value};
}

RunIdentity sweep_settings(const SweepOptions& options, uint64_t dataset_hash,
                           const std::string& direction_source) {
  std::vector<int32_t> layers;
  for (const LayerIndex layer : options.layers) layers.push_back(layer.value);
  std::vector<std::string> spans;
  for (const Span::Kind kind : options.spans) spans.emplace_back(name_of(kind));
  const PushOptions& pushes = options.pushes;
  RunIdentity identity;
  identity.fields = {
      {field::kAudit, fmt::format("{}", options.audit)},
      {"batch_rows", fmt::format("{}", options.limits.rows)},
      {"bos", name_of(options.bos)},
      {"dataset", hex(dataset_hash)},
      {field::kDirectionSharing, pushes.sharing == DirectionSharing::kCommon ? "common" : "independent"},
      {field::kDirectionFamily, direction_source},
      {field::kDirections, fmt::format("{}", pushes.directions)},
      {"epsilons", fmt::format("{}", fmt::join(pushes.epsilons, ","))},
      {field::kHook, std::string(name_of(options.hook))},
      {"layers", fmt::format("{}", fmt::join(layers, ","))},
      {"max_examples", options.max_examples ? fmt::format("{}", *options.max_examples) : "all"},
      {"memory_limit", fmt::format("{}", options.limits.memory)},
      {field::kOrthogonalTo, orthogonal_text(pushes)},
      {field::kPush, std::string(name_of(pushes.kind))},
      {field::kReadout, options.readout == ReadoutKind::kPredicting ? "predicting" : "following"},
      {field::kSeed, fmt::format("{}", pushes.seed)},
      {field::kSpans, fmt::format("{}", fmt::join(spans, ","))},
      {field::kTemperature, fmt::format("{}", options.temperature)},
      {field::kVocabulary, vocabulary_text(options.vocabulary)},
  };
  return identity;
}

RunIdentity sweep_identity(const Model& model, const SweepOptions& options, uint64_t dataset_hash,
                           const std::string& direction_source) {
  RunIdentity identity = sweep_settings(options, dataset_hash, direction_source);
  identity.fields[field::kBackend] = model.backend().name();
  identity.fields[field::kModelConfig] = hex(hash_of(model.config()));
  identity.fields[field::kPrecision] = name_of(model.backend().precision());
  identity.fields[field::kModelWeights] = hex(model.fingerprint());
  return identity;
}

}  // namespace tugline
