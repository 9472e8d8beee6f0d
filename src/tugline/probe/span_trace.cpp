#include "tugline/probe/span_trace.h"

namespace tugline {
namespace {

class Tracer {
 public:
  Tracer(const Model& model, const LayerContext& context, const Matrix& h, LayerWorkspace& workspace)
      : backend_(model.backend()), context_(context), h_(h), workspace_(workspace) {}

  LayerTrace run(const LayerWeights& weights) {
    LayerTrace trace;
    trace_attention(weights, trace);
    trace_mlp(weights, trace);
    return trace;
  }

  void trace_attention(const LayerWeights& weights, LayerTrace& trace) {
    trace.resid_pre = keep(h_);
    if (context_.config.qk_norm) trace.unnormed_qkv = unnormed_qkv(weights);
    run_attention_block(backend_, weights, context_, h_, workspace_);
    for (const Linear* map : {weights.qkv.get(), weights.output.get()}) backend_.prepare_difference(*map);
    trace.qkv = keep(workspace_.qkv->matrix());
    const AttentionInputs attention = attention_inputs(trace.qkv->matrix());
    trace.kv = backend_.pack_kv(attention);
    trace.probabilities =
        backend_.allocate(attention.shape.num_heads * h_.rows, context_.layout.first_position + h_.rows);
    backend_.attention_probabilities(attention, trace.probabilities->matrix());
  }

  void trace_mlp(const LayerWeights& weights, LayerTrace& trace) {
    trace.resid_mid = keep(h_);
    run_mlp_block(backend_, weights, context_, h_, workspace_);
    for (const Linear* map : {weights.gate_up.get(), weights.down.get()}) backend_.prepare_difference(*map);
    trace.gate_up = keep(workspace_.gate_up->matrix());
    trace.sigmoids = backend_.allocate(h_.rows, workspace_.gate_up->matrix().columns);
    backend_.gate_sigmoids(trace.gate_up->matrix(), trace.sigmoids->matrix());
  }

 private:
  std::unique_ptr<Buffer> keep(const Matrix& rows) {
    auto kept = backend_.allocate(rows.rows, rows.columns);
    backend_.copy(rows, kept->matrix());
    return kept;
  }

  // The q and k norms run in place, so what goes into them is computed once more.
  std::unique_ptr<Buffer> unnormed_qkv(const LayerWeights& weights) {
    backend_.rms_norm(h_, weights.attention_norm->matrix(), context_.config.rms_norm_eps,
                      workspace_.normed->matrix());
    auto qkv = backend_.allocate(h_.rows, workspace_.qkv->matrix().columns);
    backend_.linear(workspace_.normed->matrix(), *weights.qkv, qkv->matrix(), Accumulate::kNo);
    return qkv;
  }

  [[nodiscard]] AttentionInputs attention_inputs(const Matrix& qkv) const {
    const ModelConfig& config = context_.config;
    const auto [q, k, v] = split_qkv(config, qkv);
    return {.layout = context_.layout,
            .shape = {config.num_heads, config.num_kv_heads, config.head_dim},
            .q = q,
            .own_k = k,
            .own_v = v,
            .prefix_k = context_.prefix_k,
            .prefix_v = context_.prefix_v};
  }

  Backend& backend_;
  const LayerContext& context_;
  const Matrix& h_;
  LayerWorkspace& workspace_;
};

}  // namespace

SpanTrace::SpanTrace(const Model& model, const Baseline& baseline, const ReplayRows& rows, LayerIndex lowest)
    : resid_final_(model.backend().allocate(rows.count, model.config().hidden_size)) {
  const Matrix& h = resid_final_->matrix();
  model.backend().copy(baseline.residual(lowest).rows(rows.push.value, rows.count), h);
  LayerWorkspace workspace(model.config(), rows.count, model.backend());
  if (baseline.hook() == Hook::kResidMid) {
    const LayerContext no_attention{model.config(), baseline.rope(), {}, {}, {}};
    Tracer(model, no_attention, h, workspace)
        .trace_mlp(model.weights().layers[static_cast<size_t>(lowest.value)], layers_[lowest]);
  }
  for (LayerIndex layer = first_attended(baseline.site(lowest)); layer.value < model.config().num_layers;
       ++layer.value) {
    const LayerContext context{.config = model.config(),
                               .rope = baseline.rope(),
                               .layout = {.pushes = 1, .rows = rows.count, .first_position = rows.push.value},
                               .prefix_k = baseline.keys(layer).rows(0, rows.push.value),
                               .prefix_v = baseline.values(layer).rows(0, rows.push.value)};
    layers_[layer] =
        Tracer(model, context, h, workspace).run(model.weights().layers[static_cast<size_t>(layer.value)]);
  }
}

}  // namespace tugline
