// A whole decoder layer on a batch of 800 rows, against the baseline's keys and values.
#include "support/peak.h"
#include "support/random_model.h"
#include "tugline/model/layer.h"

namespace tugline::bench {
namespace {

void run(benchmark::State& state, ModelShape shape) {
  const ModelConfig config = config_of(shape, 1);
  const LayerWeights weights = random_layer(config, backend(), 1);
  const auto prefix_k = random_buffer(backend(), kBatch.first_position, config.kv_size(), 2);
  const auto prefix_v = random_buffer(backend(), kBatch.first_position, config.kv_size(), 3);
  const int64_t positions = kBatch.first_position + kBatch.rows;
  const RopeTable rope{random_buffer(backend(), positions, config.head_dim / 2, 4),
                       random_buffer(backend(), positions, config.head_dim / 2, 5)};
  const LayerContext context{config, rope, kBatch, prefix_k->matrix(), prefix_v->matrix()};
  LayerWorkspace workspace(config, kBatch.total(), backend());
  const auto h = random_buffer(backend(), kBatch.total(), config.hidden_size, 6);
  for (auto _ : state) run_layer(backend(), weights, context, h->matrix(), workspace);
  count_flops(state, layer_flops(config, kBatch));
}

}  // namespace

void add_benchmarks() {
  for (const ModelShape shape : {ModelShape::kSmolLm2_135M, ModelShape::kDeepSeekR1Qwen_1_5B})
    add(name_of(shape) + "/layer", [shape](benchmark::State& state) { run(state, shape); });
}

}  // namespace tugline::bench
