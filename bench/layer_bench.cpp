// A whole decoder layer on a batch of 800 rows, against the baseline's keys and values: on values, and on
// differences, as a sweep runs it.
#include "support/peak.h"
#include "support/random_model.h"
#include "tugline/probe/difference.h"

namespace tugline::bench {
namespace {

struct Case {
  explicit Case(ModelShape shape)
      : config(config_of(shape, 1)),
        program(describe_layer(config)),
        weights(random_layer(config, backend(), 1)),
        prefix_k(random_buffer(backend(), kBatch.first_position, config.kv_size(), 2)),
        prefix_v(random_buffer(backend(), kBatch.first_position, config.kv_size(), 3)),
        rope{random_buffer(backend(), kBatch.first_position + kBatch.rows, config.head_dim / 2, 4),
             random_buffer(backend(), kBatch.first_position + kBatch.rows, config.head_dim / 2, 5)},
        workspace(config, kBatch.total(), backend()),
        h(random_buffer(backend(), kBatch.total(), config.hidden_size, 6)) {}
  [[nodiscard]] DecoderLayer layer() const { return {config, program, weights, backend()}; }
  ModelConfig config;
  LayerProgram program;
  LayerWeights weights;
  std::unique_ptr<Buffer> prefix_k;
  std::unique_ptr<Buffer> prefix_v;
  RopeTable rope;
  LayerWorkspace workspace;
  std::unique_ptr<Buffer> h;
};

void on_values(benchmark::State& state, ModelShape shape) {
  Case c(shape);
  const LayerContext context{c.rope, kBatch, c.prefix_k->matrix(), c.prefix_v->matrix()};
  for (auto _ : state) run_steps(c.layer(), c.program.all(), context, c.h->matrix(), c.workspace);
  count_flops(state, layer_work(c.config, kBatch).total());
}

LayerTrace random_trace(Case& c) {
  const LayerContext context{
      .rope = c.rope,
      .layout = {.pushes = 1, .rows = kBatch.rows, .first_position = kBatch.first_position},
      .prefix_k = c.prefix_k->matrix(),
      .prefix_v = c.prefix_v->matrix()};
  const auto h = random_buffer(backend(), kBatch.rows, c.config.hidden_size, 11);
  return trace_steps(c.layer(), c.program.all(), context, h->matrix(), c.workspace);
}

// Differences are a hundredth of the activations, made anew each time: the layer adds to them. Their copy is
// part of the time.
void on_differences(benchmark::State& state, ModelShape shape) {
  Case c(shape);
  const LayerTrace trace = random_trace(c);
  const DifferenceContext context{c.rope, kBatch, trace};
  const auto dh = random_buffer(backend(), kBatch.total(), c.config.hidden_size, 15, 0.01);
  for (auto _ : state) {
    backend().copy(dh->matrix(), c.h->matrix());
    run_steps_difference(c.layer(), c.program.all(), context, c.h->matrix(), c.workspace);
  }
  count_flops(state, layer_difference_work(c.config, kBatch).total());
}

}  // namespace

void add_benchmarks() {
  for (const ModelShape shape : {ModelShape::kSmolLm2_135M, ModelShape::kDeepSeekR1Qwen_1_5B}) {
    add(name_of(shape) + "/layer", [shape](benchmark::State& state) { on_values(state, shape); });
    add(name_of(shape) + "/layer_difference",
        [shape](benchmark::State& state) { on_differences(state, shape); });
  }
}

}  // namespace tugline::bench
