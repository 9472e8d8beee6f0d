#include "tugline/model/layer.h"

#include <algorithm>
#include <cmath>

namespace tugline {
namespace {

struct Values {
  const DecoderLayer& layer;
  const LayerContext& context;
  const Matrix& h;
  LayerWorkspace& workspace;

  void operator()(const NormStep& step) const { layer.norm(step.weight).apply(at(step.in), at(step.out)); }
  void operator()(const LinearStep& step) const {
    layer.backend.linear(at(step.in), layer.weights.linear(step.weight), at(step.out), step.accumulate);
  }
  void operator()(const RopeStep& step) const {
    layer.backend.rope(context.rope, context.layout, layer.config.head_dim, at(step.slot));
  }
  void operator()(const AttentionStep&) const {
    layer.backend.attention(attention_inputs(layer, context, at(Slot::kQkv)), at(Slot::kAttended));
  }
  void operator()(const GateStep&) const { layer.backend.swiglu(at(Slot::kGateUp), at(Slot::kActivated)); }
  void operator()(const GeluStep&) const { layer.backend.gelu(at(Slot::kUp), at(Slot::kActivated)); }
  void operator()(const AddStep& step) const { layer.backend.add(at(step.in), at(step.out)); }

  [[nodiscard]] Matrix at(Slot slot) const { return workspace.slot(slot, h); }
};

}  // namespace

LayerWorkspace::LayerWorkspace(const ModelConfig& config, int64_t max_rows, Backend& backend)
    : config_(config) {
  for (const Slot slot : describe_layer(config).workspace_slots())
    buffers_[slot] = backend.allocate(max_rows, width_of(slot, config));
}

Matrix LayerWorkspace::slot(Slot slot, const Matrix& h) const {
  if (slot == Slot::kResidual) return h;
  if (slot == Slot::kQ || slot == Slot::kK || slot == Slot::kV)
    return part_of_qkv(slot, config_, buffers_.at(Slot::kQkv)->rows(0, h.rows));
  return buffers_.at(slot)->rows(0, h.rows);
}

std::unique_ptr<Buffer> copy_of(Backend& backend, const ConstMatrix& rows) {
  auto copy = backend.allocate(rows.rows, rows.columns);
  backend.copy(rows, copy->matrix());
  return copy;
}

HeadShape head_shape(const ModelConfig& config, int64_t window) {
  return {.num_heads = config.num_heads,
          .num_kv_heads = config.num_kv_heads,
          .head_dim = config.head_dim,
          .scale = 1 / std::sqrt(static_cast<double>(config.head_dim)),
          .window = window};
}

RowLayout attended_layout(RowLayout layout, int64_t window) {
  if (window > 0) layout.first_position = std::min(layout.first_position, window - 1);
  return layout;
}

Matrix part_of_qkv(Slot part, const ModelConfig& config, const Matrix& qkv) {
  const int64_t begin = part == Slot::kQ   ? 0
                        : part == Slot::kK ? config.q_size()
                                           : config.q_size() + config.kv_size();
  return qkv.column_range(begin, width_of(part, config));
}

AttentionInputs attention_inputs(const DecoderLayer& layer, const LayerContext& context, const Matrix& qkv) {
  const RowLayout layout = attended_layout(context.layout, layer.window);
  const int64_t unseen = context.layout.first_position - layout.first_position;
  return {.layout = layout,
          .shape = head_shape(layer.config, layer.window),
          .q = part_of_qkv(Slot::kQ, layer.config, qkv),
          .own_k = part_of_qkv(Slot::kK, layer.config, qkv),
          .own_v = part_of_qkv(Slot::kV, layer.config, qkv),
          .prefix_k = context.prefix_k.row_range(unseen, layout.first_position),
          .prefix_v = context.prefix_v.row_range(unseen, layout.first_position)};
}

Matrix columns_at(SitePoint point, const ModelConfig& config, const Matrix& slot) {
  if (point.hook != Hook::kZ) return slot;
  return slot.column_range(point.head * config.head_dim, config.head_dim);
}

std::unique_ptr<Buffer> value_at(const DecoderLayer& layer, SitePoint point, const Matrix& h,
                                 const LayerWorkspace& workspace) {
  const LayerProgram::Point& described = layer.program.point(point.hook);
  if (!described.adder)
    return copy_of(layer.backend, columns_at(point, layer.config, workspace.slot(described.slot, h)));
  // What the step adds, by itself: its input is still in its slot.
  const Step& adder = layer.program.steps()[*described.adder];
  if (const auto* add = std::get_if<AddStep>(&adder))
    return copy_of(layer.backend, workspace.slot(add->in, h));
  const auto& map = std::get<LinearStep>(adder);
  auto block = layer.backend.allocate(h.rows, h.columns);
  layer.backend.linear(workspace.slot(map.in, h), layer.weights.linear(map.weight), block->matrix(),
                       Accumulate::kNo);
  return block;
}

void run_steps(const DecoderLayer& layer, StepRange steps, const LayerContext& context, const Matrix& h,
               LayerWorkspace& workspace) {
  const Values values{layer, context, h, workspace};
  for (size_t i = steps.begin; i < steps.end; ++i) std::visit(values, layer.program.steps()[i]);
}

}  // namespace tugline
