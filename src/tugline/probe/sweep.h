// The sweep: measures one unit for every example, span and layer of a dataset, and passes it to an observer,
// which stores it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tugline/data/dataset.h"
#include "tugline/probe/residual_pass.h"
#include "tugline/probe/unit.h"
#include "tugline/store/records.h"
#include "tugline/text/spans.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

struct SweepOptions {
  std::vector<LayerIndex> layers;  // ascending, distinct
  SitePoint point;                 // in each of them
  PushAt at = PushAt::kBefore;
  PushOptions pushes;
  std::vector<Span::Kind> spans{Span::Kind::kAnchor};
  ReadoutChoice readout;
  Vocabulary vocabulary = Vocabulary::kExact;
  double temperature = 1;
  AskedTokens asked;
  BosPolicy bos = BosPolicy::kAuto;
  // Measure only the first examples: of those that have an anchor, if anchors or their controls are measured.
  std::optional<int64_t> max_examples;
  int64_t audit = 0;  // the number of pushes of each unit that are rerun in f64 (probe/audit)
  BatchLimits limits{.memory = int64_t{4} << 30};
};

// An example as the sweep will run it.
struct PlannedExample {
  const Example* example = nullptr;
  std::vector<int32_t> ids;
  std::vector<Span> spans;  // in a shard's plan those of the shard; may be empty
  std::vector<SkippedSpan> skipped_spans;
  std::string
      skipped;  // why no span of it is measured in any shard: its first span's reason; empty otherwise
};

struct SweepPlan {
  std::vector<PlannedExample> examples;
  [[nodiscard]] int64_t spans() const;
};

// Tokenizes each transcript once and finds its spans. `dataset` must outlive the plan.
[[nodiscard]] SweepPlan plan_sweep(const std::vector<Example>& dataset, const Tokenizer& tokenizer,
                                   const SweepOptions& options);

// Checks that everything in the plan can be run, before anything is measured or stored. Errors, which name
// the example: those of check_transcript and check_memory_limit.
void check_plan(const ModelConfig& config, const SweepPlan& plan, const SweepOptions& options);

// "exact", or "sampled" with the sample's parameters.
[[nodiscard]] std::string vocabulary_text(Vocabulary vocabulary);

// The rows that a span of the plan replays and reads.
[[nodiscard]] ReplayRows planned_rows(const PlannedExample& planned, const Span& span,
                                      const SweepOptions& options);

// The record of the example. Its hash of the token ids detects a run that is resumed with another tokenizer.
[[nodiscard]] ExampleRecord record_of(const PlannedExample& planned);

// How many of the transcript's tokens the pushes at the example's spans need: up to the last row that is
// replayed.
[[nodiscard]] int64_t replayed_tokens(const PlannedExample& planned, const SweepOptions& options);

[[nodiscard]] UnitKey unit_key(const PlannedExample& planned, const Span& span, LayerIndex layer);

// The settings except the model's that decide what a number is, by name (docs/formats.md). They are known
// before the weights are loaded. Which numbers there are is not part of it, so that a run can grow. `plan` is
// the plan of all shards.
[[nodiscard]] RunIdentity sweep_settings(const SweepOptions& options, const SweepPlan& plan,
                                         const std::string& direction_source);

// Everything that decides what a number is: the settings, kBackend and kModelWeights.
[[nodiscard]] RunIdentity sweep_identity(const Model& model, const SweepOptions& options,
                                         const SweepPlan& plan, const std::string& direction_source);

// How the numbers are computed, which may change their last digits: batch_rows, memory_limit. Provenance of a
// session.
[[nodiscard]] Provenance execution_settings(const SweepOptions& options);

// Receives a sweep's results and watches its progress. Called from the sweeping thread.
class SweepObserver {
 public:
  virtual ~SweepObserver() = default;
  // What there is of the unit already; empty if nothing is.
  [[nodiscard]] virtual UnitParts parts(const UnitKey& key) = 0;
  // One of these parts, with its responses: its audit grows.
  [[nodiscard]] virtual UnitMeasurement measured(const UnitKey& key, size_t part) = 0;
  // Called once, before any unit, with all examples of the plan and those of their spans that could not be
  // placed.
  virtual void put_examples(const std::vector<ExampleRecord>& examples,
                            const std::vector<SkippedSpan>& skipped) = 0;
  // A unit, or a part of it.
  virtual void put_unit(const UnitRecord& unit) = 0;
  virtual void put_audit(const UnitKey& key, size_t part, const AuditResult& audit) = 0;
  // A number of the unit is not finite. Returns whether the sweep goes on without the unit; else it ends with
  // that error.
  [[nodiscard]] virtual bool put_failure(const FailedUnit& /*failed*/) { return false; }
  // Called with the statistics of the residuals, if directions are made from them.
  virtual void put_residuals(LayerIndex /*layer*/, const ResidualStatistics& /*residuals*/) {}
  // After each batch of pushes, with what it took (probe/cost); false stops the sweep with kInterrupted,
  // leaving out the unit under way.
  [[nodiscard]] virtual bool progress(int64_t pushes, double flops) = 0;
};

// Errors: kNothingToMeasure if the plan has no examples, or skips all of them. Needs no weights.
void expect_something_to_measure(const SweepPlan& plan);

// Runs what the observer does not have yet. Errors: kNothingToMeasure, after all reasons were handed over.
// `exact`: the same model on the reference backend, for the audit; needed where options.audit is not 0.
void run_sweep(const Model& model, const SweepPlan& plan, const SweepOptions& options,
               SweepObserver& observer, const Model* exact = nullptr);

}  // namespace tugline
