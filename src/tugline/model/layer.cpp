#include "tugline/model/layer.h"

namespace tugline {

LayerWorkspace::LayerWorkspace(const ModelConfig& config, int64_t max_rows, Backend& backend)
    : normed(backend.allocate(max_rows, config.hidden_size)),
      qkv(backend.allocate(max_rows, config.q_size() + 2 * config.kv_size())),
      attended(backend.allocate(max_rows, config.q_size())),
      gate_up(backend.allocate(max_rows, 2 * config.intermediate_size)),
      activated(backend.allocate(max_rows, config.intermediate_size)) {}

QkvViews split_qkv(const ModelConfig& config, const Matrix& qkv) {
  return {.q = qkv.column_range(0, config.q_size()),
          .k = qkv.column_range(config.q_size(), config.kv_size()),
          .v = qkv.column_range(config.q_size() + config.kv_size(), config.kv_size())};
}

void run_attention_block(Backend& backend, const LayerWeights& weights, const LayerContext& context,
                         const Matrix& h, LayerWorkspace& workspace) {
  const ModelConfig& config = context.config;
  const Matrix normed = workspace.normed->rows(0, h.rows);
  const Matrix qkv = workspace.qkv->rows(0, h.rows);
  const Matrix attended = workspace.attended->rows(0, h.rows);
  const auto [q, k, v] = split_qkv(config, qkv);

  backend.rms_norm(h, weights.attention_norm->matrix(), config.rms_norm_eps, normed);
  backend.linear(normed, *weights.qkv, qkv, Accumulate::kNo);
  if (config.qk_norm) {
    backend.rms_norm(q, weights.q_norm->matrix(), config.rms_norm_eps, q);
    backend.rms_norm(k, weights.k_norm->matrix(), config.rms_norm_eps, k);
  }
  backend.rope(context.rope, context.layout, config.head_dim, q);
  backend.rope(context.rope, context.layout, config.head_dim, k);
  backend.attention({.layout = context.layout,
                     .shape = {config.num_heads, config.num_kv_heads, config.head_dim},
                     .q = q,
                     .own_k = k,
                     .own_v = v,
                     .prefix_k = context.prefix_k,
                     .prefix_v = context.prefix_v},
                    attended);
  backend.linear(attended, *weights.output, h, Accumulate::kYes);
}

void run_mlp_block(Backend& backend, const LayerWeights& weights, const LayerContext& context,
                   const Matrix& h, LayerWorkspace& workspace) {
  const Matrix normed = workspace.normed->rows(0, h.rows);
  const Matrix gate_up = workspace.gate_up->rows(0, h.rows);
  const Matrix activated = workspace.activated->rows(0, h.rows);

  backend.rms_norm(h, weights.mlp_norm->matrix(), context.config.rms_norm_eps, normed);
  backend.linear(normed, *weights.gate_up, gate_up, Accumulate::kNo);
  backend.swiglu(gate_up, activated);
  backend.linear(activated, *weights.down, h, Accumulate::kYes);
}

void run_layer(Backend& backend, const LayerWeights& weights, const LayerContext& context, const Matrix& h,
               LayerWorkspace& workspace) {
  run_attention_block(backend, weights, context, h, workspace);
  run_mlp_block(backend, weights, context, h, workspace);
}

}  // namespace tugline
