#include "tugline/model/layer_program.h"

#include <algorithm>
#include <cassert>

namespace tugline {
namespace {

// h += W_O attention(q, k, v) with q, k, v = W_QKV norm(h), q and k rotated.
void describe_attention(const ModelConfig& config, LayerProgram& layer) {
  layer.add(NormStep{.weight = NormWeight::kAttention, .in = Slot::kResidual, .out = Slot::kNormed});
  layer.add(LinearStep{.weight = LinearWeight::kQkv, .in = Slot::kNormed, .out = Slot::kQkv});
  if (config.qk_norm) {
    layer.add(NormStep{.weight = NormWeight::kQ, .in = Slot::kQ, .out = Slot::kQ});
    layer.add(NormStep{.weight = NormWeight::kK, .in = Slot::kK, .out = Slot::kK});
  }
  layer.add(RopeStep{.slot = Slot::kQ});
  layer.add(RopeStep{.slot = Slot::kK});
  layer.add(AttentionStep{});
  layer.add(LinearStep{.weight = LinearWeight::kOutput,
                       .in = Slot::kAttended,
                       .out = Slot::kResidual,
                       .accumulate = Accumulate::kYes});
}

// h += W_down (silu(W_gate norm(h)) * W_up norm(h)). (Shazeer 2020, SwiGLU.)
void describe_mlp(LayerProgram& layer) {
  layer.add(NormStep{.weight = NormWeight::kMlp, .in = Slot::kResidual, .out = Slot::kNormed});
  layer.add(LinearStep{.weight = LinearWeight::kGateUp, .in = Slot::kNormed, .out = Slot::kGateUp});
  layer.add(GateStep{});
  layer.add(LinearStep{.weight = LinearWeight::kDown,
                       .in = Slot::kActivated,
                       .out = Slot::kResidual,
                       .accumulate = Accumulate::kYes});
}

}  // namespace

StepRange LayerProgram::above(Hook hook) const {
  const auto point =
      std::find_if(points_.begin(), points_.end(), [hook](const Point& p) { return p.hook == hook; });
  assert(point != points_.end());
  return {point->step, steps_.size()};
}

bool LayerProgram::attends(StepRange range) const {
  const auto begin = steps_.begin() + static_cast<std::ptrdiff_t>(range.begin);
  const auto end = steps_.begin() + static_cast<std::ptrdiff_t>(range.end);
  return std::any_of(begin, end,
                     [](const Step& step) { return std::holds_alternative<AttentionStep>(step); });
}

namespace {

// The slot that a step writes.
struct Output {
  Slot operator()(const NormStep& step) const { return step.out; }
  Slot operator()(const LinearStep& step) const { return step.out; }
  Slot operator()(const RopeStep& step) const { return step.slot; }
  Slot operator()(const AttentionStep&) const { return Slot::kAttended; }
  Slot operator()(const GateStep&) const { return Slot::kActivated; }
};

bool has_own_memory(Slot slot) {
  return slot != Slot::kResidual && slot != Slot::kQ && slot != Slot::kK && slot != Slot::kV;
}

}  // namespace

std::vector<Slot> LayerProgram::workspace_slots() const {
  std::vector<Slot> slots;
  for (const Step& step : steps_) {
    const Slot slot = std::visit(Output{}, step);
    if (has_own_memory(slot) && std::find(slots.begin(), slots.end(), slot) == slots.end())
      slots.push_back(slot);
  }
  return slots;
}

LayerProgram describe_layer(const ModelConfig& config) {
  LayerProgram layer;
  layer.add_point(Hook::kResidPre);
  describe_attention(config, layer);
  layer.add_point(Hook::kResidMid);
  describe_mlp(layer);
  layer.add_point(Hook::kResidPost);
  return layer;
}

int64_t width_of(Slot slot, const ModelConfig& config) {
  switch (slot) {
    case Slot::kResidual:
    case Slot::kNormed:
      return config.hidden_size;
    case Slot::kQkv:
      return config.q_size() + 2 * config.kv_size();
    case Slot::kQ:
    case Slot::kAttended:
      return config.q_size();
    case Slot::kK:
    case Slot::kV:
      return config.kv_size();
    case Slot::kGateUp:
      return 2 * config.intermediate_size;
    case Slot::kActivated:
      return config.intermediate_size;
  }
  return 0;
}

}  // namespace tugline
