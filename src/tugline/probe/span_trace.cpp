#include "tugline/probe/span_trace.h"

#include "tugline/probe/reach.h"

namespace tugline {
namespace {

// Called before the step is run, when its inputs are in their slots.
struct Tracer {
  const DecoderLayer& layer;
  const LayerContext& context;
  const Matrix& h;
  LayerWorkspace& workspace;

  StepTrace operator()(const NormStep& step) const { return NormTrace{copy_of(layer.backend, at(step.in))}; }
  StepTrace operator()(const LinearStep& step) const {
    layer.backend.prepare_difference(layer.weights.linear(step.weight));
    return {};
  }
  StepTrace operator()(const RopeStep&) const { return {}; }
  StepTrace operator()(const AttentionStep&) const {
    return layer.backend.trace_attention(attention_inputs(layer, context, at(Slot::kQkv)));
  }
  StepTrace operator()(const GateStep&) const { return layer.backend.trace_gate(at(Slot::kGateUp)); }
  StepTrace operator()(const GeluStep&) const { return GeluTrace{copy_of(layer.backend, at(Slot::kUp))}; }
  StepTrace operator()(const AddStep&) const { return {}; }

  [[nodiscard]] Matrix at(Slot slot) const { return workspace.slot(slot, h); }
};

}  // namespace

LayerTrace trace_steps(const DecoderLayer& layer, StepRange steps, const LayerContext& context,
                       const Matrix& h, LayerWorkspace& workspace) {
  LayerTrace trace(layer.program.steps().size());
  const Tracer tracer{layer, context, h, workspace};
  for (size_t i = steps.begin; i < steps.end; ++i) {
    trace[i] = std::visit(tracer, layer.program.steps()[i]);
    run_steps(layer, {i, i + 1}, context, h, workspace);
  }
  return trace;
}

SpanTrace::SpanTrace(const Model& model, const Baseline& baseline, const ReplayRows& rows, LayerIndex lowest)
    : resid_final_(model.backend().allocate(rows.count, model.config().hidden_size)) {
  Backend& backend = model.backend();
  const Matrix& h = resid_final_->matrix();
  const auto copy_rows = [&](const Buffer& from) { backend.copy(from.rows(rows.push.value, rows.count), h); };
  LayerWorkspace workspace(model.config(), rows.count, backend);
  const RowLayout layout{.pushes = 1, .rows = rows.count, .first_position = rows.push.value};
  visit_steps_above(model.config(), model.program(), baseline.site(lowest),
                    [&](LayerIndex layer, StepRange steps) {
                      const LayerContext context = baseline.context(layer, layout);
                      copy_rows(baseline.input(layer));
                      run_steps(model.layer(layer), {0, steps.begin}, context, h, workspace);
                      layers_[layer] = trace_steps(model.layer(layer), steps, context, h, workspace);
                    });
  copy_rows(baseline.resid_final());
}

}  // namespace tugline
