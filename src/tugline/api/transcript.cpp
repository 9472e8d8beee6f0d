// A text's spans, and pushes before one of them: a sweep of one example whose results stay in memory.
#include <fmt/format.h>

#include <stdexcept>

#include "tugline/api/engine.h"
#include "tugline/api/progress_count.h"
#include "tugline/api/responses.h"
#include "tugline/api/sentence.h"
#include "tugline/api/settings.h"
#include "tugline/api/tug.h"
#include "tugline/api/warn.h"
#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/version.h"
#include "tugline/language_model.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

Encoding encoding_of(const Tokens& tokens) {
  Encoding encoding;
  encoding.ids = tokens.ids;
  for (size_t i = 0; i < tokens.begins.size(); ++i)
    encoding.offsets.push_back({tokens.begins[i], tokens.ends[i]});
  return encoding;
}

// What random directions are keyed by, in place of an example of a dataset.
uint64_t hash_of(const std::vector<int32_t>& ids) {
  ContentHash hash;
  for (const int32_t id : ids) hash.add_number(static_cast<uint64_t>(id));
  return hash.value();
}

// Keeps the units, one a layer.
class Collector final : public SweepObserver {
 public:
  Collector(ProgressCount count, std::string_view precision, const Watch& watch)
      : count_(std::move(count)), precision_(precision), watch_(watch) {}

  UnitParts parts(const UnitKey&) override { return {}; }
  UnitMeasurement measured(const UnitKey&, size_t) override { throw std::logic_error("no unit is kept"); }
  void put_audit(const UnitKey&, size_t, const AuditResult&) override {}
  void put_examples(const std::vector<ExampleRecord>&, const std::vector<SkippedSpan>&) override {}
  void put_unit(const UnitRecord& unit) override {
    units.push_back(unit);
    const std::string name = fmt::format("layer {}", unit.key.layer);
    count_.finish_unit(name);
    warn_of_audit(unit, precision_, name, watch_);
  }
  bool progress(int64_t pushes, double flops) override {
    count_.add(pushes, flops);
    return !watch_.keep_going || watch_.keep_going();
  }

  std::vector<UnitRecord> units;

 private:
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

}  // namespace

void check_tug(const ModelConfig& config, const std::vector<int32_t>& ids, TokenRange span,
               const SweepOptions& options) {
  check_transcript(config, ids);
  check_at(options.at, options.readout);
  const ReplayRows rows = replay_rows(span, options.readout, std::ssize(ids), {.at = options.at});
  check_memory_limit(config, rows, options.limits.memory);
  check_span_memory(config, rows, {options.layers.front(), options.point}, options.vocabulary,
                    options.limits.memory);
}

Trace Transcript::trace(std::string_view sentence) const {
  if (tokens_->begins.empty())
    refuse("sentence", "is looked for in a text, and this transcript was given as ids; give a span");
  const TokenRange tokens = sentence_span(*text_, sentence, encoding_of(*tokens_));
  return trace(tokens.begin, tokens.end);
}

Trace Transcript::trace(int64_t begin, int64_t end) const {
  const auto count = static_cast<int64_t>(tokens_->ids.size());
  if (begin < 0 || end <= begin || end > count)
    refuse("span", "[{}, {}) holds no tokens of the transcript's {}", begin, end, count);
  if (begin == 0) refuse("span", "begins at token 0; no token before it could be pushed");
  return {*this, begin, end};
}

Responses Trace::tug(const PushSettings& settings, const Watch& watch) const {
  const LanguageModel& handle = transcript_.model();
  EngineCall call(*handle.engine(), watch);
  const Model& model = call.model();
  const SweepOptions options = resolve(settings, model.config());
  Example example;
  example.content_hash = hash_of(transcript_.tokens().ids);
  PlannedExample planned;
  planned.example = &example;
  planned.ids = transcript_.tokens().ids;
  planned.spans.emplace_back().tokens = {begin_, end_};
  SweepPlan plan;
  plan.examples.push_back(std::move(planned));
  check_tug(model.config(), transcript_.tokens().ids, {begin_, end_}, options);
  for (const std::string& sentence : contradictions_of(options.pushes, {.model = model.config(),
                                                                       .weights = hex(model.fingerprint()),
                                                                       .point = options.point,
                                                                       .layers = options.layers}))
    warn(watch, sentence);
  Collector collector(ProgressCount(model.config(), plan, options, watch.progress),
                      name_of(model.backend().precision()), watch);
  run_sweep(model, plan, options, collector, options.audit > 0 ? &call.exact_model() : nullptr);
  return responses_of({.units = std::move(collector.units),
                       .epsilons = options.pushes.epsilons,
                       .directions = all_directions(options.pushes),
                       .null_directions = options.pushes.null_directions,
                       .provenance = provenance_of(model, options, plan)});
}

}  // namespace tugline
