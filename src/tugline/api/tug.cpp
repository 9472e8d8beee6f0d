#include "tugline/api/tug.h"

#include <fmt/format.h>

#include <stdexcept>

#include "tugline/api/engine.h"
#include "tugline/api/progress_count.h"
#include "tugline/api/responses.h"
#include "tugline/api/settings.h"
#include "tugline/api/sweep_job.h"
#include "tugline/api/warn.h"
#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/version.h"
#include "tugline/probe/baseline.h"
#include "tugline/stats/largest_epsilon.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

// Keeps the units, of each span one a layer.
class Collector final : public SweepObserver {
 public:
  Collector(const std::vector<Span>& spans, ProgressCount count, std::string_view precision,
            const Watch& watch)
      : units(spans.size()), count_(std::move(count)), precision_(precision), watch_(watch) {
    for (const Span& span : spans) numbers_.push_back(span.chunk);
  }

  UnitParts parts(const UnitKey&) override { return {}; }
  UnitMeasurement measured(const UnitKey&, size_t) override { throw std::logic_error("no unit is kept"); }
  void put_audit(const UnitKey&, size_t, const AuditResult&) override {}
  void put_examples(const std::vector<ExampleRecord>&, const std::vector<SkippedSpan>&) override {}
  void put_unit(const UnitRecord& unit) override {
    units[static_cast<size_t>(unit.key.chunk)].push_back(unit);
    const std::string name = units.size() == 1
                                 ? fmt::format("layer {}", unit.key.layer)
                                 : fmt::format("sentence {}, layer {}",
                                               numbers_[static_cast<size_t>(unit.key.chunk)], unit.key.layer);
    count_.finish_unit(name);
    warn_of_audit(unit, precision_, name, watch_);
  }
  bool progress(int64_t pushes, double flops) override {
    count_.add(pushes, flops);
    return !watch_.keep_going || watch_.keep_going();
  }

  std::vector<std::vector<UnitRecord>> units;  // by span

 private:
  std::vector<int64_t> numbers_;  // of the spans as sentences
  ProgressCount count_;
  std::string_view precision_;
  const Watch& watch_;
};

std::map<std::string, std::string> provenance_of(const Model& model, const SweepOptions& options,
                                                 const SweepPlan& plan) {
  std::map<std::string, std::string> facts =
      sweep_identity(model, options, plan, direction_source(options.pushes)).fields;
  for (const char* name : {"controls", "bos"}) facts.erase(name);
  std::vector<int32_t> layers;
  for (const LayerIndex layer : options.layers) layers.push_back(layer.value);
  facts["layers"] = text_of(layers);
  facts["epsilons"] = text_of(options.pushes.epsilons);
  facts["directions"] = std::to_string(options.pushes.directions);
  facts["null_directions"] = std::to_string(options.pushes.null_directions);
  facts["audit"] = std::to_string(options.audit);
  facts.merge(execution_settings(options));
  facts[field::kModelName] = model.config().name;
  facts[field::kVersion] = kVersion;
  return facts;
}

// A plan's spans are told apart by their numbers.
SweepPlan plan_of(const RunningText& text, const std::vector<Span>& spans) {
  PlannedExample planned;
  planned.example = &text.example;
  planned.ids = text.encoding.ids;
  for (size_t i = 0; i < spans.size(); ++i)
    planned.spans.push_back({.kind = Span::Kind::kChunk,
                             .chunk = static_cast<int64_t>(i),
                             .tokens = spans[i].tokens,
                             .text = spans[i].text});
  SweepPlan plan;
  plan.examples.push_back(std::move(planned));
  return plan;
}

// Why no push can be made at the sentence; empty if one can.
std::string reason_against(const SpanOutcome& outcome, const RunningText& text, const SweepOptions& options) {
  if (!outcome.span) return outcome.skipped;
  try {
    (void)replay_rows(outcome.span->tokens, options.readout, std::ssize(text.encoding.ids),
                      {.at = options.at});
    return "";
  } catch (const Error& e) {
    return std::string(e.message());
  }
}

}  // namespace

void check_tug(const ModelConfig& config, const RunningText& text, TokenRange span,
               const SweepOptions& options) {
  check_transcript(config, text.encoding.ids);
  check_at(options.at, options.readout);
  const ReplayRows rows =
      replay_rows(span, options.readout, std::ssize(text.encoding.ids), {.at = options.at});
  check_memory_limit(config, rows, options.limits.memory);
  check_span_memory(config, rows, {options.layers.front(), options.point}, options.vocabulary,
                    options.limits.memory);
}

std::vector<Span> measurable_sentences(const ModelConfig& config, const RunningText& text,
                                       const SweepOptions& options, const Watch& watch) {
  check_transcript(config, text.encoding.ids);
  check_at(options.at, options.readout);
  std::vector<Span> spans;
  std::string first_reason = "it has no sentences";
  const std::vector<SpanOutcome> outcomes = sentence_spans(text);
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const std::string reason = reason_against(outcomes[i], text, options);
    if (reason.empty()) {
      spans.push_back(*outcomes[i].span);
      continue;
    }
    const std::string sentence = fmt::format("sentence {} is left out: {}", i, reason);
    if (i == 0) first_reason = sentence;
    warn(watch, sentence);
  }
  if (spans.empty())
    fail(ErrorCode::kNothingToMeasure, "the text has no sentence to push before: {}", first_reason);
  for (const Span& span : spans) check_tug(config, text, span.tokens, options);
  return spans;
}

std::vector<Responses> tug_spans(const LanguageModel& handle, const RunningText& text,
                                 const std::vector<Span>& spans, const PushSettings& settings,
                                 const Watch& watch) {
  EngineCall call(*handle.engine(), watch);
  const Model& model = call.model();
  const SweepOptions options = resolve(settings, model.config());
  const SweepPlan plan = plan_of(text, spans);
  for (const Span& span : spans) check_tug(model.config(), text, span.tokens, options);
  for (const std::string& sentence : contradictions_of(options.pushes, {.model = model.config(),
                                                                       .weights = hex(model.fingerprint()),
                                                                       .point = options.point,
                                                                       .layers = options.layers}))
    warn(watch, sentence);
  Collector collector(spans, ProgressCount(model.config(), plan, options, watch.progress),
                      name_of(model.backend().precision()), watch);
  run_sweep(model, plan, options, collector, options.audit > 0 ? &call.exact_model() : nullptr);
  const std::map<std::string, std::string> provenance = provenance_of(model, options, plan);
  std::vector<Responses> responses;
  for (std::vector<UnitRecord>& units : collector.units)
    responses.push_back(responses_of({.units = std::move(units),
                                      .epsilons = options.pushes.epsilons,
                                      .directions = all_directions(options.pushes),
                                      .null_directions = options.pushes.null_directions,
                                      .provenance = provenance}));
  return responses;
}

double largest_response(const Responses& responses) {
  const double epsilon = largest_epsilon(responses.epsilons());
  double sum = 0;
  double count = 0;
  for (const UnitRecord& unit : responses.columns().units)
    for (const ResponseRecord& response : unit.measured.responses) {
      if (response.epsilon != epsilon || response.set != DirectionSet::kMain) continue;
      sum += response.kl();
      ++count;
    }
  return sum / count;
}

}  // namespace tugline
