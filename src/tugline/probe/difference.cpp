#include "tugline/probe/difference.h"

namespace tugline {
namespace {

struct Differences {
  const DecoderLayer& layer;
  const DifferenceContext& context;
  const Matrix& dh;
  LayerWorkspace& workspace;
  size_t step_index = 0;

  void operator()(const NormStep& step) const {
    layer.norm(step.weight).apply_difference(base<NormTrace>().in->matrix(), at(step.in), at(step.out));
  }
  void operator()(const LinearStep& step) const {
    layer.backend.linear_difference(at(step.in), layer.weights.linear(step.weight), at(step.out),
                                    step.accumulate);
  }
  void operator()(const RopeStep& step) const {
    layer.backend.rope(context.rope, context.layout, layer.config.head_dim, at(step.slot));
  }
  void operator()(const AttentionStep&) const {
    layer.backend.attention_difference(*base<std::unique_ptr<AttentionTrace>>(),
                                       {.layout = attended_layout(context.layout, layer.window),
                                        .dq = at(Slot::kQ),
                                        .dk = at(Slot::kK),
                                        .dv = at(Slot::kV)},
                                       at(Slot::kAttended));
  }
  void operator()(const GateStep&) const {
    layer.backend.swiglu_difference(*base<std::unique_ptr<GateTrace>>(), at(Slot::kGateUp),
                                    at(Slot::kActivated));
  }
  void operator()(const GeluStep&) const {
    layer.backend.gelu_difference(base<GeluTrace>().up->matrix(), at(Slot::kUp), at(Slot::kActivated));
  }
  void operator()(const AddStep& step) const { layer.backend.add(at(step.in), at(step.out)); }

  [[nodiscard]] Matrix at(Slot slot) const { return workspace.slot(slot, dh); }
  template <typename Trace>
  [[nodiscard]] const Trace& base() const {
    return std::get<Trace>(context.base[step_index]);
  }
};

}  // namespace

void run_steps_difference(const DecoderLayer& layer, StepRange steps, const DifferenceContext& context,
                          const Matrix& dh, LayerWorkspace& workspace) {
  Differences differences{layer, context, dh, workspace};
  for (size_t i = steps.begin; i < steps.end; ++i) {
    differences.step_index = i;
    std::visit(differences, layer.program.steps()[i]);
  }
}

}  // namespace tugline
