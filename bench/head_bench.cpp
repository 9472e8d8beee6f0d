// The last step of a replay: the head on the rows' differences and the divergence, walked over the vocabulary
// in tiles; and what a span pays once, its base distributions.
#include "support/peak.h"
#include "support/random_model.h"

namespace tugline::bench {
namespace {

struct Case {
  explicit Case(ModelShape shape)
      : config(config_of(shape, 1)),
        head(backend().make_head(random_linear(config.vocab_size, config.hidden_size, 1))),
        base(random_buffer(backend(), kBatch.rows, config.hidden_size, 2)),
        targets(static_cast<size_t>(kBatch.rows), 1) {}
  ModelConfig config;
  std::unique_ptr<Head> head;
  std::unique_ptr<Buffer> base;
  std::vector<int32_t> targets;
};

// Logits move by 0.05, as for a push of a few epsilons.
void divergence(benchmark::State& state, ModelShape shape) {
  const Case c(shape);
  const auto readout = backend().make_readout(*c.head, c.base->matrix(), c.targets);
  const auto dx = random_buffer(backend(), kBatch.total(), c.config.hidden_size, 3, 0.05);
  for (auto _ : state)
    benchmark::DoNotOptimize(backend().submit_divergence(*c.head, *readout, dx->matrix())->collect());
  count_flops(state, linear_flops(kBatch.total(), c.config.vocab_size, c.config.hidden_size));
}

void readout(benchmark::State& state, ModelShape shape) {
  const Case c(shape);
  for (auto _ : state) benchmark::DoNotOptimize(backend().make_readout(*c.head, c.base->matrix(), c.targets));
  count_flops(state, linear_flops(kBatch.rows, c.config.vocab_size, c.config.hidden_size));
}

}  // namespace

void add_benchmarks() {
  for (const ModelShape shape : {ModelShape::kSmolLm2_135M, ModelShape::kDeepSeekR1Qwen_1_5B}) {
    add(name_of(shape) + "/divergence", [shape](benchmark::State& state) { divergence(state, shape); });
    add(name_of(shape) + "/readout", [shape](benchmark::State& state) { readout(state, shape); });
  }
}

}  // namespace tugline::bench
