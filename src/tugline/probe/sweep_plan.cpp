// What a sweep will run, and what decides its numbers.
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/probe/controls.h"
#include "tugline/probe/reach.h"
#include "tugline/probe/sweep.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

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
    query_ = {.transcript = example.transcript, .cot = example.cot, .chunks = &example.chunks};
  }

  PlannedExample plan() {
    find_anchors();
    chunk_spans_ = find_chunk_spans(query_, encoding_);
    for (const Span::Kind kind : options_.spans) {
      if (kind == Span::Kind::kAnchor) {
        add_anchors();
      } else if (kind == Span::Kind::kChunk) {
        for (size_t i = 0; i < chunk_spans_.size(); ++i)
          add(chunk_spans_[i], Span::Kind::kChunk, static_cast<int64_t>(i));
      } else {
        add_controls(kind);
      }
    }
    if (planned_.spans.empty()) give_reason();
    return std::move(planned_);
  }

 private:
  void find_anchors() {
    for (const Anchor& anchor : planned_.example->anchors) {
      anchors_.push_back(find_anchor_span(query_,
                                          {.sentence = anchor.sentence,
                                           .place = anchor.place,
                                           .chunk = anchor.chunk,
                                           .problem = anchor.problem},
                                          encoding_, tokenizer_));
      if (anchors_.back().span) tell_apart(anchors_.back());
    }
  }

  // An example's units are told apart by their chunk's number. An anchor without one, or in the same chunk as
  // an earlier anchor, gets a negative number: -1 for the first of the example's anchors, -2 for the second.
  void tell_apart(SpanOutcome& outcome) {
    Span& span = *outcome.span;
    if (std::find(anchor_tokens_.begin(), anchor_tokens_.end(), span.tokens) != anchor_tokens_.end()) {
      outcome = {std::nullopt, "The anchor has the same tokens as an earlier one of the example."};
      return;
    }
    anchor_tokens_.push_back(span.tokens);
    const bool is_taken = std::any_of(anchors_.begin(), anchors_.end() - 1, [&](const SpanOutcome& earlier) {
      return earlier.span && earlier.span->chunk == span.chunk;
    });
    if (span.chunk < 0 || is_taken) span.chunk = -static_cast<int64_t>(anchors_.size());
  }

  void add_anchors() {
    if (anchors_.empty()) skip(kind_name(Span::Kind::kAnchor), -1, planned_.example->no_anchor + ".");
    for (size_t i = 0; i < anchors_.size(); ++i)
      add(anchors_[i], Span::Kind::kAnchor, -1 - static_cast<int64_t>(i));
  }

  void add(const SpanOutcome& outcome, Span::Kind kind, int64_t chunk) {
    if (outcome.span) {
      place(*outcome.span);
    } else {
      skip(kind_name(kind), chunk, outcome.skipped);
    }
  }

  void place(const Span& span) {
    // A sentence that is matched with two anchors is measured once.
    const bool is_there = std::any_of(planned_.spans.begin(), planned_.spans.end(), [&](const Span& other) {
      return other.kind == span.kind && other.chunk == span.chunk && other.offset == span.offset;
    });
    if (is_there) return;
    const auto tokens = static_cast<int64_t>(encoding_.ids.size());
    const TokenRange read = readout_positions(span.tokens, options_.readout, tokens);
    const std::string kind = kind_name(span.kind, span.offset);
    if (read.size() == 0) {
      skip(kind, span.chunk, "The span ends the transcript: the readout 'downstream' has no row behind it.");
    } else if (landing(span.tokens, options_.at).begin + span.offset >= read.end) {
      skip(kind, span.chunk,
           fmt::format("The span has one token: a push at '{}' lands after the row that predicts it.",
                       name_of(options_.at)));
    } else {
      planned_.spans.push_back(span);
    }
  }

  void skip(std::string kind, int64_t chunk, const std::string& reason) {
    planned_.skipped_spans.push_back({planned_.example->index, std::move(kind), chunk, reason});
  }

  void add_controls(Span::Kind kind) {
    if (anchors_.empty())
      skip(kind_name(kind), -1, "There is no anchor to control: " + planned_.example->no_anchor + ".");
    for (size_t i = 0; i < anchors_.size(); ++i) {
      if (!anchors_[i].span) {
        // A number that no skipped control of another anchor has.
        const int64_t controls = kind == Span::Kind::kControlMatched ? kMatchedControls : 1;
        skip(kind_name(kind), -1 - static_cast<int64_t>(i) * controls,
             "There is no anchor to control: " + anchors_[i].skipped);
        continue;
      }
      for (const Control& control : controls_of(kind, i)) {
        if (control.skipped.empty()) {
          place(control.span);
        } else {
          skip(kind_name(kind, control.span.offset), control.span.chunk, control.skipped);
        }
      }
    }
  }

  [[nodiscard]] std::vector<Control> controls_of(Span::Kind kind, size_t anchor) const {
    const ControlQuery query{.anchor = *anchors_[anchor].span,
                             .anchors = anchor_tokens_,
                             .ordinal = static_cast<int64_t>(anchor),
                             .chunks = chunk_spans_,
                             .encoding = encoding_,
                             .transcript = planned_.example->transcript,
                             .seed = options_.pushes.seed,
                             .example_hash = planned_.example->content_hash,
                             .readout = options_.readout,
                             .at = options_.at};
    if (kind == Span::Kind::kControlMatched) return matched_controls(query);
    if (kind == Span::Kind::kControlWindow) return window_controls(query);
    return offset_controls(query);
  }

  void give_reason() {
    planned_.skipped = planned_.skipped_spans.empty() ? "the reasoning text has no chunks"
                                                      : planned_.skipped_spans.front().reason;
  }

  const Tokenizer& tokenizer_;
  const SweepOptions& options_;
  Encoding encoding_;
  SpanQuery query_;
  std::vector<SpanOutcome> anchors_;
  std::vector<TokenRange> anchor_tokens_;  // of those that have a place
  std::vector<SpanOutcome> chunk_spans_;
  PlannedExample planned_;
};

// The transcripts of whose residuals directions are made, in the order of the residuals' pass.
std::string transcripts_text(const SweepPlan& plan) {
  std::multiset<std::string> transcripts;
  for (const PlannedExample& planned : plan.examples)
    if (planned.skipped.empty()) {
      const ExampleRecord record = record_of(planned);
      transcripts.insert(record.content_hash + record.token_ids);
    }
  ContentHash hash;
  for (const std::string& transcript : transcripts) hash.add_text(transcript);
  return fmt::format("{}, {}", counted(std::ssize(transcripts), "transcript"), hex(hash.value()));
}

}  // namespace

int64_t SweepPlan::spans() const {
  int64_t count = 0;
  for (const PlannedExample& example : examples) count += static_cast<int64_t>(example.spans.size());
  return count;
}

SweepPlan plan_sweep(const std::vector<Example>& dataset, const Tokenizer& tokenizer,
                     const SweepOptions& options) {
  SweepPlan plan;
  int64_t left = options.max_examples.value_or(std::numeric_limits<int64_t>::max());
  const bool needs_anchors = std::any_of(options.spans.begin(), options.spans.end(),
                                         [](Span::Kind kind) { return kind != Span::Kind::kChunk; });
  for (const Example& example : dataset) {
    if (left == 0) break;
    if (!needs_anchors || !example.anchors.empty()) --left;
    plan.examples.push_back(ExamplePlanner(example, tokenizer, options).plan());
  }
  return plan;
}

void check_plan(const ModelConfig& config, const SweepPlan& plan, const SweepOptions& options) {
  check_point(config, options.point);
  check_at(options.at, options.readout);
  for (const PlannedExample& planned : plan.examples) {
    if (planned.spans.empty()) continue;
    try {
      check_transcript(config, planned.ids);
      for (const Span& span : planned.spans) {
        const ReplayRows rows = planned_rows(planned, span, options);
        check_memory_limit(config, rows, options.limits.memory);
        check_span_memory(config, rows, {options.layers.front(), options.point}, options.vocabulary,
                          options.limits.memory);
      }
    } catch (const Error& e) {
      fail_setting(e.code(), e.setting(), "example {}: {}", planned.example->index, e.message());
    }
  }
}

std::string vocabulary_text(Vocabulary vocabulary) {
  if (vocabulary == Vocabulary::kExact) return name_of(vocabulary);
  return fmt::format("{}: all but {:g} of the mass in {} tokens at most, {} tokens of the rest",
                     name_of(vocabulary), kHeadRemainder, kMostHead, kTailTokens);
}

ReplayRows planned_rows(const PlannedExample& planned, const Span& span, const SweepOptions& options) {
  return replay_rows(span.tokens, options.readout, std::ssize(planned.ids),
                     {.at = options.at, .offset = span.offset});
}

int64_t replayed_tokens(const PlannedExample& planned, const SweepOptions& options) {
  int64_t tokens = 0;
  for (const Span& span : planned.spans) {
    const ReplayRows rows = planned_rows(planned, span, options);
    tokens = std::max(tokens, rows.push.value + rows.count);
  }
  return tokens;
}

UnitKey unit_key(const PlannedExample& planned, const Span& span, LayerIndex layer) {
  return {.example = planned.example->index,
          .span_kind = kind_name(span.kind, span.offset),
          .chunk = span.chunk,
          .layer = layer.value};
}

RunIdentity sweep_settings(const SweepOptions& options, const SweepPlan& plan,
                           const std::string& direction_source) {
  // Field by field: an option that is added and not bound here does not compile.
  // `layers`, `spans`, `max_examples`, `audit`, `epsilons`, `directions` and `null_directions` decide which
  // numbers there are, `limits` how they are computed.
  const auto& [layers, point, at, pushes, spans, readout, vocabulary, temperature, asked, bos, max_examples,
               audit, limits] = options;
  const auto& [answers, moved] = asked;
  // `supplied` and `family` are in direction_source, `orthogonal` and `subspace` in orthogonal_text;
  // `subspace_origin` decides no number.
  const auto& [epsilons, directions, seed, sharing, supplied, family, kind, orthogonal, subspace,
               subspace_origin, null_directions] = pushes;
  RunIdentity identity;
  identity.fields = {
      {field::kAnswers, answers ? fmt::format("{},{}", answers->first, answers->second) : "none"},
      {"bos", name_of(bos)},
      {"controls", controls_text()},
      {field::kDirectionSharing, sharing == DirectionSharing::kCommon ? "common" : "independent"},
      {field::kDirectionFamily, direction_source},
      {field::kHook, std::string(name_of(point.hook))},
      {field::kMovedTokens, fmt::format("{}", moved)},
      {field::kOrthogonalTo, orthogonal_text(pushes)},
      {field::kPush, std::string(name_of(kind))},
      {field::kReadout, readout_name(readout)},
      {field::kResiduals, needed_moments(pushes) ? transcripts_text(plan) : "none"},
      {field::kSeed, fmt::format("{}", seed)},
      {field::kTemperature, fmt::format("{}", temperature)},
      {field::kVocabulary, vocabulary_text(vocabulary)},
  };
  // A run without a head, or before its spans, has the identity that it had before there was a choice.
  if (point.hook == Hook::kZ) identity.fields[field::kHead] = fmt::format("{}", point.head);
  if (at != PushAt::kBefore) identity.fields[field::kAt] = std::string(name_of(at));
  return identity;
}

Provenance execution_settings(const SweepOptions& options) {
  return {{"batch_rows", fmt::format("{}", options.limits.rows)},
          {"memory_limit", fmt::format("{}", options.limits.memory)}};
}

RunIdentity sweep_identity(const Model& model, const SweepOptions& options, const SweepPlan& plan,
                           const std::string& direction_source) {
  RunIdentity identity = sweep_settings(options, plan, direction_source);
  identity.fields[field::kBackend] = model.backend().name();
  identity.fields[field::kModelConfig] = hex(hash_of(model.config()));
  identity.fields[field::kPrecision] = name_of(model.backend().precision());
  identity.fields[field::kModelWeights] = hex(model.fingerprint());
  return identity;
}

}  // namespace tugline
