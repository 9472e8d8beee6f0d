#include "tugline/probe/sweep.h"

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

UnitKey key_of(const PlannedExample& planned, const Span& span, LayerIndex layer) {
  return {.example = planned.example->index,
          .span_kind = span.kind == Span::Kind::kAnchor ? "anchor" : "chunk",
          .chunk = span.chunk,
          .layer = layer.value};
}

// Calls visit(span, layer) for each unit of an example that the observer lacks, layers of one span together.
template <typename Visit>
void for_each_missing_unit(const PlannedExample& planned, const SweepOptions& options,
                           SweepObserver& observer, Visit visit) {
  for (const Span& span : planned.spans)
    for (const LayerIndex layer : options.layers)
      if (!observer.has_unit(key_of(planned, span, layer))) visit(span, layer);
}

class Sweep {
 public:
  Sweep(const Model& model, const SweepOptions& options, SweepObserver& observer)
      : model_(model), options_(options), observer_(observer) {}

  void run_example(const PlannedExample& planned) {
    std::unique_ptr<Baseline> baseline;
    const Span* read = nullptr;
    SpanBase base;
    for_each_missing_unit(planned, options_, observer_, [&](const Span& span, LayerIndex layer) {
      if (!baseline) baseline = std::make_unique<Baseline>(model_, planned.ids, options_.layers);
      if (read != &span)
        base = read_span(model_, *baseline, span.tokens, options_.readout, options_.layers.front(),
                         {.vocabulary = options_.vocabulary,
                          .seed = options_.pushes.seed,
                          .example_hash = planned.example->content_hash,
                          .temperature = options_.temperature});
      read = &span;
      run_unit(planned, span, layer, *baseline, base);
    });
  }

 private:
  void run_unit(const PlannedExample& planned, const Span& span, LayerIndex layer, const Baseline& baseline,
                const SpanBase& base) {
    UnitRecord unit =
        measure_unit(model_, baseline, base, layer, options_.pushes,
                     {.example_hash = planned.example->content_hash,
                      .memory_limit = options_.memory_limit,
                      .after_batch = [this](int64_t pushes) { return observer_.progress(pushes); }});
    unit.key = key_of(planned, span, layer);
    unit.span_text = span.text;
    observer_.put_unit(unit);
  }

  const Model& model_;
  const SweepOptions& options_;
  SweepObserver& observer_;
};

ExampleRecord record_of(const PlannedExample& planned) {
  return {.example = planned.example->index,
          .content_hash = hex(planned.example->content_hash),
          .prompt = planned.example->prompt,
          .tokens = static_cast<int64_t>(planned.ids.size()),
          .skipped = planned.skipped};
}

}  // namespace

void run_sweep(const Model& model, const SweepPlan& plan, const SweepOptions& options,
               SweepObserver& observer) {
  for (const PlannedExample& planned : plan.examples) {
    observer.put_example(record_of(planned));
    for (const SkippedSpan& span : planned.skipped_spans) observer.put_skipped_span(span);
  }
  if (plan.examples.empty()) fail(ErrorCode::kNothingToMeasure, "nothing to measure: there are no examples");
  if (plan.spans() == 0)
    fail(ErrorCode::kNothingToMeasure,
         "nothing to measure: all {} examples were skipped; the first because {}", plan.examples.size(),
         plan.examples.front().skipped);
  Sweep sweep(model, options, observer);
  for (const PlannedExample& planned : plan.examples) sweep.run_example(planned);
}

int64_t remaining_pushes(const Model& model, const SweepPlan& plan, const SweepOptions& options,
                         SweepObserver& observer) {
  int64_t pushes = 0;
  for (const PlannedExample& planned : plan.examples)
    for_each_missing_unit(planned, options, observer, [&](const Span&, LayerIndex layer) {
      pushes += computed_pushes(model, options.readout, layer, options.pushes);
    });
  return pushes;
}

}  // namespace tugline
