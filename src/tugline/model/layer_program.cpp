#include "tugline/model/layer_program.h"

#include <algorithm>
#include <cassert>

namespace tugline {
namespace {

void add_norm(LayerProgram& layer, NormWeight weight, Slot in, Slot out) {
  layer.add(NormStep{.weight = weight, .in = in, .out = out});
}

// The norm before a block, if it has one. Returns what the block reads.
Slot describe_entry(const ModelConfig& config, NormWeight weight, LayerProgram& layer) {
  if (config.norm_placement == NormPlacement::kAfterBlocks) return Slot::kResidual;
  add_norm(layer, weight, Slot::kResidual, Slot::kNormed);
  return Slot::kNormed;
}

// h += W in, or h += norm(W in): the last map of a block. Returns the step that adds.
size_t describe_exit(const ModelConfig& config, const LinearStep& map, NormWeight weight,
                     LayerProgram& layer) {
  if (config.norm_placement == NormPlacement::kBeforeBlocks)
    return layer.add(LinearStep{map.weight, map.in, Slot::kResidual, Accumulate::kYes});
  layer.add(LinearStep{map.weight, map.in, Slot::kBlock, Accumulate::kNo});
  add_norm(layer, weight, Slot::kBlock, Slot::kBlock);
  return layer.add(AddStep{.in = Slot::kBlock, .out = Slot::kResidual});
}

// kAttended = attention(q, k, v) with q, k, v = W_QKV x, q and k rotated.
void describe_attention(const ModelConfig& config, Slot x, LayerProgram& layer) {
  layer.add(LinearStep{.weight = LinearWeight::kQkv, .in = x, .out = Slot::kQkv});
  if (config.qk_norm != QkNorm::kNone) {
    add_norm(layer, NormWeight::kQ, Slot::kQ, Slot::kQ);
    add_norm(layer, NormWeight::kK, Slot::kK, Slot::kK);
  }
  layer.add(RopeStep{.slot = Slot::kQ});
  layer.add(RopeStep{.slot = Slot::kK});
  layer.add(AttentionStep{});
}

// kActivated = silu(W_gate x) * W_up x, or gelu(W_up x).
void describe_activation(const ModelConfig& config, Slot x, LayerProgram& layer) {
  if (config.activation == Activation::kSwiglu) {
    layer.add(LinearStep{.weight = LinearWeight::kGateUp, .in = x, .out = Slot::kGateUp});
    layer.add(GateStep{});
  } else {
    layer.add(LinearStep{.weight = LinearWeight::kUp, .in = x, .out = Slot::kUp});
    layer.add(GeluStep{});
  }
}

constexpr LinearStep kAttentionExit{
    .weight = LinearWeight::kOutput, .in = Slot::kAttended, .out = Slot::kResidual};
constexpr LinearStep kMlpExit{.weight = LinearWeight::kDown, .in = Slot::kActivated, .out = Slot::kResidual};

}  // namespace

bool LayerProgram::has(Hook hook) const {
  return std::any_of(points_.begin(), points_.end(), [hook](const Point& p) { return p.hook == hook; });
}

const LayerProgram::Point& LayerProgram::point(Hook hook) const {
  const auto point =
      std::find_if(points_.begin(), points_.end(), [hook](const Point& p) { return p.hook == hook; });
  assert(point != points_.end());
  return *point;
}

Hook LayerProgram::entry(Hook hook) const {
  return point(hook).slot == Slot::kResidual ? hook : Hook::kResidPre;
}

size_t LayerProgram::add(const Step& step) {
  steps_.push_back(step);
  return steps_.size() - 1;
}

bool LayerProgram::attends(StepRange range) const {
  const auto begin = steps_.begin() + static_cast<std::ptrdiff_t>(range.begin);
  const auto end = steps_.begin() + static_cast<std::ptrdiff_t>(range.end);
  return std::any_of(begin, end,
                     [](const Step& step) { return std::holds_alternative<AttentionStep>(step); });
}

namespace {

// The slots that a step reads; not that to which it adds.
struct Inputs {
  using Slots = std::vector<Slot>;
  Slots operator()(const NormStep& step) const { return {step.in}; }
  Slots operator()(const LinearStep& step) const { return {step.in}; }
  Slots operator()(const RopeStep& step) const { return {step.slot}; }
  Slots operator()(const AttentionStep&) const { return {Slot::kQ, Slot::kK, Slot::kV}; }
  Slots operator()(const GateStep&) const { return {Slot::kGateUp}; }
  Slots operator()(const GeluStep&) const { return {Slot::kUp}; }
  Slots operator()(const AddStep& step) const { return {step.in}; }
};

struct Output {
  Slot operator()(const NormStep& step) const { return step.out; }
  Slot operator()(const LinearStep& step) const { return step.out; }
  Slot operator()(const RopeStep& step) const { return step.slot; }
  Slot operator()(const AttentionStep&) const { return Slot::kAttended; }
  Slot operator()(const GateStep&) const { return Slot::kActivated; }
  Slot operator()(const GeluStep&) const { return Slot::kActivated; }
  Slot operator()(const AddStep& step) const { return step.out; }
};

bool is_part_of_qkv(Slot slot) { return slot == Slot::kQ || slot == Slot::kK || slot == Slot::kV; }

bool has_own_memory(Slot slot) { return slot != Slot::kResidual && !is_part_of_qkv(slot); }

bool share_columns(Slot a, Slot b) {
  return a == b || (a == Slot::kQkv && is_part_of_qkv(b)) || (b == Slot::kQkv && is_part_of_qkv(a));
}

bool reads_one_of(const Step& step, const std::vector<Slot>& slots) {
  const std::vector<Slot> inputs = std::visit(Inputs{}, step);
  return std::ranges::any_of(inputs, [&](Slot input) {
    return std::ranges::any_of(slots, [&](Slot slot) { return share_columns(input, slot); });
  });
}

}  // namespace

Slot output_of(const Step& step) { return std::visit(Output{}, step); }

StepRange LayerProgram::above(Hook hook) const {
  const Point& from = point(hook);
  std::vector<Slot> moved{from.slot};
  StepRange range{from.step, from.step};
  for (size_t i = from.step; i < steps_.size(); ++i) {
    if (!reads_one_of(steps_[i], moved)) continue;
    assert(i == range.end && "a push goes through steps that follow each other");
    moved.push_back(output_of(steps_[i]));
    range.end = i + 1;
  }
  return range;
}

std::vector<Slot> LayerProgram::workspace_slots() const {
  std::vector<Slot> slots;
  for (const Step& step : steps_) {
    const Slot slot = output_of(step);
    if (has_own_memory(slot) && std::find(slots.begin(), slots.end(), slot) == slots.end())
      slots.push_back(slot);
  }
  return slots;
}

namespace {

// Both blocks read the layer's input, so the attention block's output is added after the MLP's norm has read
// it, and no step of the layer reads what either block adds.
LayerProgram describe_parallel_layer(const ModelConfig& config) {
  LayerProgram layer;
  layer.add_point(Hook::kResidPre);
  describe_attention(config, describe_entry(config, NormWeight::kAttention, layer), layer);
  describe_activation(config, describe_entry(config, NormWeight::kMlp, layer), layer);
  layer.add_point_in(Slot::kAttended, Hook::kZ);
  const size_t attention = describe_exit(config, kAttentionExit, NormWeight::kAttention, layer);
  const size_t mlp = describe_exit(config, kMlpExit, NormWeight::kMlp, layer);
  layer.add_point_of_block(attention, Hook::kAttnOut);
  layer.add_point_of_block(mlp, Hook::kMlpOut);
  layer.add_point(Hook::kResidPost);
  return layer;
}

}  // namespace

LayerProgram describe_layer(const ModelConfig& config) {
  if (config.blocks == Blocks::kParallel) return describe_parallel_layer(config);
  LayerProgram layer;
  layer.add_point(Hook::kResidPre);
  describe_attention(config, describe_entry(config, NormWeight::kAttention, layer), layer);
  layer.add_point_in(Slot::kAttended, Hook::kZ);
  const size_t attention = describe_exit(config, kAttentionExit, NormWeight::kAttention, layer);
  layer.add_point_of_block(attention, Hook::kAttnOut);
  layer.add_point(Hook::kResidMid);
  describe_activation(config, describe_entry(config, NormWeight::kMlp, layer), layer);
  const size_t mlp = describe_exit(config, kMlpExit, NormWeight::kMlp, layer);
  layer.add_point_of_block(mlp, Hook::kMlpOut);
  layer.add_point(Hook::kResidPost);
  return layer;
}

int64_t width_of(Slot slot, const ModelConfig& config) {
  switch (slot) {
    case Slot::kResidual:
    case Slot::kNormed:
    case Slot::kBlock:
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
    case Slot::kUp:
    case Slot::kActivated:
      return config.intermediate_size;
  }
  return 0;
}

int64_t width_at(SitePoint point, const ModelConfig& config) {
  return point.hook == Hook::kZ ? config.head_dim : config.hidden_size;
}

}  // namespace tugline
