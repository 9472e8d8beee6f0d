#include "tugline/probe/difference.h"

namespace tugline {

void run_attention_block_difference(Backend& backend, const LayerWeights& weights,
                                    const DifferenceContext& context, const Matrix& dh,
                                    LayerWorkspace& workspace) {
  const ModelConfig& config = context.config;
  const Matrix d_normed = workspace.normed->rows(0, dh.rows);
  const Matrix d_qkv = workspace.qkv->rows(0, dh.rows);
  const Matrix d_attended = workspace.attended->rows(0, dh.rows);
  const auto [dq, dk, dv] = split_qkv(config, d_qkv);
  const Matrix q = split_qkv(config, context.base.qkv->matrix()).q;

  backend.rms_norm_difference(context.base.resid_pre->matrix(), weights.attention_norm->matrix(),
                              config.rms_norm_eps, dh, d_normed);
  backend.linear_difference(d_normed, *weights.qkv, d_qkv, Accumulate::kNo);
  if (config.qk_norm) {
    const auto [unnormed_q, unnormed_k, unnormed_v] = split_qkv(config, context.base.unnormed_qkv->matrix());
    backend.rms_norm_difference(unnormed_q, weights.q_norm->matrix(), config.rms_norm_eps, dq, dq);
    backend.rms_norm_difference(unnormed_k, weights.k_norm->matrix(), config.rms_norm_eps, dk, dk);
  }
  backend.rope(context.rope, context.layout, config.head_dim, dq);
  backend.rope(context.rope, context.layout, config.head_dim, dk);
  backend.attention_difference(
      {.layout = context.layout,
       .shape = {config.num_heads, config.num_kv_heads, config.head_dim},
       .base = {.q = q, .kv = *context.base.kv, .probabilities = context.base.probabilities->matrix()},
       .dq = dq,
       .dk = dk,
       .dv = dv},
      d_attended);
  backend.linear_difference(d_attended, *weights.output, dh, Accumulate::kYes);
}

void run_mlp_block_difference(Backend& backend, const LayerWeights& weights, const DifferenceContext& context,
                              const Matrix& dh, LayerWorkspace& workspace) {
  const Matrix d_normed = workspace.normed->rows(0, dh.rows);
  const Matrix d_gate_up = workspace.gate_up->rows(0, dh.rows);
  const Matrix d_activated = workspace.activated->rows(0, dh.rows);

  backend.rms_norm_difference(context.base.resid_mid->matrix(), weights.mlp_norm->matrix(),
                              context.config.rms_norm_eps, dh, d_normed);
  backend.linear_difference(d_normed, *weights.gate_up, d_gate_up, Accumulate::kNo);
  backend.swiglu_difference(
      {.gate_up = context.base.gate_up->matrix(), .sigmoids = context.base.sigmoids->matrix()}, d_gate_up,
      d_activated);
  backend.linear_difference(d_activated, *weights.down, dh, Accumulate::kYes);
}

void run_layer_difference(Backend& backend, const LayerWeights& weights, const DifferenceContext& context,
                          const Matrix& dh, LayerWorkspace& workspace) {
  run_attention_block_difference(backend, weights, context, dh, workspace);
  run_mlp_block_difference(backend, weights, context, dh, workspace);
}

}  // namespace tugline
