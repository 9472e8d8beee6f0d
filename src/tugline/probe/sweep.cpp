#include "tugline/probe/sweep.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/probe/audit.h"
#include "tugline/probe/cost.h"
#include "tugline/probe/growth.h"
#include "tugline/probe/not_finite.h"
#include "tugline/probe/reach.h"
#include "tugline/probe/residual_sizes.h"

namespace tugline {
namespace {

// Calls visit(span, layer, work) for each unit of an example at which something is missing, layers of one
// span together.
template <typename Visit>
void for_each_missing_unit(const Model& model, const PlannedExample& planned, const SweepOptions& options,
                           SweepObserver& observer, Visit visit) {
  for (const Span& span : planned.spans) {
    const ReplayRows rows = planned_rows(planned, span, options);
    for (const LayerIndex layer : options.layers) {
      const bool is_reached = !out_of_reach(model.config(), rows, {layer, options.point});
      const MissingWork work =
          missing_work(options, observer.parts(unit_key(planned, span, layer)), is_reached);
      if (!work.empty()) visit(span, layer, work);
    }
  }
}

// Statistics of all transcripts that the run measures, in every shard, whichever units are already measured;
// no value if the pushes need none.
ResidualsByLayer needed_residuals(const Model& model, const SweepPlan& plan, const SweepOptions& options,
                                  SweepObserver& observer) {
  const std::optional<Moments> moments = needed_moments(options.pushes);
  if (!moments) return {};
  std::vector<PassTranscript> transcripts;
  for (const PlannedExample& planned : plan.examples)
    if (planned.skipped.empty()) transcripts.push_back({planned.example->content_hash, planned.ids});
  ResidualsByLayer residuals = read_residuals(model, std::move(transcripts),
                                              {.layers = options.layers,
                                               .point = options.point,
                                               .moments = *moments,
                                               .seed = options.pushes.seed,
                                               .keep_going = [&] { return observer.progress(0, 0.0); }});
  for (const auto& [layer, statistics] : residuals) observer.put_residuals(layer, statistics);
  return residuals;
}

class Sweep {
 public:
  Sweep(const Model& model, const SweepPlan& plan, const SweepOptions& options, SweepObserver& observer,
        const Model* exact)
      : model_(model), plan_(plan), options_(options), observer_(observer), exact_(exact) {}

  void run_example(const PlannedExample& planned) {
    auditor_.reset();
    replayed_tokens_ = replayed_tokens(planned, options_);
    std::unique_ptr<Baseline> baseline;
    const Span* read = nullptr;
    SpanBase base;
    const auto measure = [&](const Span& span, LayerIndex layer, const MissingWork& work) {
      if (!residuals_) residuals_ = needed_residuals(model_, plan_, options_, observer_);
      if (!baseline) {
        baseline = std::make_unique<Baseline>(model_, planned.ids, options_.layers, options_.point);
        sizes_ = std::make_unique<ResidualSizes>(model_, *baseline, options_.layers);
      }
      const ReplayRows rows = planned_rows(planned, span, options_);
      if (!std::isfinite(sizes_->rms_over(layer, rows.landed())))
        throw NotFinite(where_base_is_not_finite(model_, *baseline, rows.push.value + rows.count));
      if (is_control(span.kind) && sizes_->has_sink(layer, rows.landed())) {
        observer_.put_unit(unmeasured_at_sink(planned, span, layer, rows.landed()));
        return;
      }
      if (read != &span) {
        base = {};  // before the next one is made: a plan's memory has room for one
        base = read_rows(model_, *baseline, rows, options_.layers.front(),
                         {.vocabulary = options_.vocabulary,
                          .seed = options_.pushes.seed,
                          .example_hash = planned.example->content_hash,
                          .temperature = options_.temperature,
                          .asked = options_.asked});
        base.span = span.tokens;
      }
      read = &span;
      run_unit(planned, span, layer, *baseline, base, work);
    };
    const auto measure_or_leave_out = [&](const Span& span, LayerIndex layer, const MissingWork& work) {
      try {
        measure(span, layer, work);
      } catch (const NotFinite& e) {
        const FailedUnit failed{unit_key(planned, span, layer), span.tokens, e.what()};
        if (!observer_.put_failure(failed)) throw;
      }
    };
    for_each_missing_unit(model_, planned, options_, observer_, measure_or_leave_out);
  }

 private:
  void run_unit(const PlannedExample& planned, const Span& span, LayerIndex layer, const Baseline& baseline,
                const SpanBase& base, const MissingWork& work) {
    const Site site{layer, options_.point};
    const ReplayRows rows = replayed_rows(model_.config(), base.rows, site);
    const auto after_batch = [&](int64_t pushes) {
      return observer_.progress(pushes,
                                push_work(model_.config(), rows, site, pushes, options_.vocabulary).total());
    };
    const UnitContext context{.example_hash = planned.example->content_hash,
                              .residuals = residuals_at(layer),
                              .limits = options_.limits,
                              .after_batch = after_batch};
    const UnitKey key = unit_key(planned, span, layer);
    const UnitSite unit = unit_site(model_, baseline, base, layer, context);
    for (const PushGrid& grid : work.grids) {
      UnitMeasurement measured =
          measure_unit(model_, baseline, base, unit, UnitPushes{options_.pushes, grid}, context);
      const AuditResult audited = audit(measured, unit, baseline, base, {.begin = 0, .end = options_.audit});
      observer_.put_unit({.key = key,
                          .span = span.tokens,
                          .span_text = span.text,
                          .sink = sizes_->has_sink(layer, base.rows.landed()),
                          .measured = std::move(measured),
                          .audit = audited});
    }
    for (const MissingWork::Audit& more : work.audits) {
      if (!observer_.progress(0, 0.0)) throw Error(ErrorCode::kInterrupted, "interrupted");
      observer_.put_audit(key, more.part,
                          audit(observer_.measured(key, more.part), unit, baseline, base, more.range));
    }
  }

  [[nodiscard]] AuditResult audit(const UnitMeasurement& unit, const UnitSite& site, const Baseline& baseline,
                                  const SpanBase& base, AuditedRange range) {
    if (range.end == 0) return {};
    assert(exact_ != nullptr);
    if (!auditor_)
      auditor_ = std::make_unique<Auditor>(*exact_, model_, baseline, replayed_tokens_, base.options);
    return auditor_->audit(unit, base.rows, site, options_.pushes, range);
  }

  [[nodiscard]] const ResidualStatistics* residuals_at(LayerIndex layer) const {
    const auto found = residuals_->find(layer);
    return found == residuals_->end() ? nullptr : &found->second;
  }

  // In place of a control: kept, so that every unit of the plan is accounted for, and says why it has no
  // responses.
  [[nodiscard]] UnitRecord unmeasured_at_sink(const PlannedExample& planned, const Span& span,
                                              LayerIndex layer, TokenRange site) const {
    return {.key = unit_key(planned, span, layer),
            .span = span.tokens,
            .span_text = span.text,
            .sink = true,
            .measured = {.position = site.begin,
                         .rms = sizes_->rms_over(layer, site),
                         .note = "no pushes: the control's site is a sink token"},
            .audit = {}};
  }

  const Model& model_;
  const SweepPlan& plan_;
  const SweepOptions& options_;
  SweepObserver& observer_;
  const Model* exact_;
  // These belong to the example under way:
  std::unique_ptr<Auditor> auditor_;
  std::unique_ptr<ResidualSizes> sizes_;
  int64_t replayed_tokens_ = 0;
  std::optional<ResidualsByLayer> residuals_;  // read before the first unit
};

std::string hash_of_ids(const std::vector<int32_t>& ids) {
  ContentHash hash;
  for (const int32_t id : ids) hash.add_number(static_cast<uint32_t>(id));
  return hex(hash.value());
}

}  // namespace

ExampleRecord record_of(const PlannedExample& planned) {
  return {.example = planned.example->index,
          .content_hash = hex(planned.example->content_hash),
          .prompt = planned.example->prompt,
          .tokens = static_cast<int64_t>(planned.ids.size()),
          .skipped = planned.skipped,
          .token_ids = hash_of_ids(planned.ids),
          .id = planned.example->id};
}

void expect_something_to_measure(const SweepPlan& plan) {
  if (plan.examples.empty()) fail(ErrorCode::kNothingToMeasure, "nothing to measure: there are no examples");
  if (std::all_of(plan.examples.begin(), plan.examples.end(),
                  [](const PlannedExample& planned) { return !planned.skipped.empty(); }))
    fail(ErrorCode::kNothingToMeasure, "nothing to measure: {} of {} skipped. First reason: {} (example {})",
         plan.examples.size(), counted(std::ssize(plan.examples), "example"), plan.examples.front().skipped,
         plan.examples.front().example->index);
}

void run_sweep(const Model& model, const SweepPlan& plan, const SweepOptions& options,
               SweepObserver& observer, const Model* exact) {
  std::vector<ExampleRecord> examples;
  std::vector<SkippedSpan> skipped;
  for (const PlannedExample& planned : plan.examples) {
    examples.push_back(record_of(planned));
    skipped.insert(skipped.end(), planned.skipped_spans.begin(), planned.skipped_spans.end());
  }
  observer.put_examples(examples, skipped);
  expect_something_to_measure(plan);
  Sweep sweep(model, plan, options, observer, exact);
  for (const PlannedExample& planned : plan.examples) sweep.run_example(planned);
}

}  // namespace tugline
