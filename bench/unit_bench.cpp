// A unit from end to end, as a sweep runs it: 600 tokens, a span of 25, every push of one site at layer 24. Of the model, only the
// site's layer and those above are made (random): a unit's cost does not depend on the layers below.
#include <numeric>

#include "support/peak.h"
#include "support/random_model.h"
#include "tugline/probe/unit.h"

namespace tugline::bench {
namespace {

constexpr TokenRange kSpan{576, 601};
constexpr int64_t kTokens = 601;  // the span's last token is predicted from the 600 before it
constexpr int64_t kMemory = int64_t{4} << 30;

struct Case {
  ModelShape shape;
  int64_t layers_above;  // layer 24 of 30, and of 28
  int32_t directions;    // at two epsilons each
};

double flops_of(const ModelConfig& config, int64_t layers_above, int64_t pushes) {
  const RowLayout rows{.pushes = pushes, .rows = kSpan.size(), .first_position = kSpan.begin - 1};
  return static_cast<double>(layers_above) * layer_flops(config, rows) +
         linear_flops(rows.total(), config.vocab_size, config.hidden_size);
}

void run(benchmark::State& state, const Case& c) {
  const Model model = random_model(config_of(c.shape, c.layers_above + 1), backend());
  std::vector<int32_t> ids(static_cast<size_t>(kTokens));
  std::iota(ids.begin(), ids.end(), 100);
  const LayerIndex site{0};
  const Baseline baseline(model, ids, std::span(&site, 1));
  const SpanBase base = read_span(model, baseline, kSpan, ReadoutKind::kPredicting, site);
  const PushOptions options{.epsilons = {1.0, 2.0}, .directions = c.directions, .supplied = {}};
  const UnitContext context{.memory_limit = kMemory, .after_batch = {}};
  for (auto _ : state) benchmark::DoNotOptimize(measure_unit(model, baseline, base, site, options, context));
  const int64_t pushes = computed_pushes(model, ReadoutKind::kPredicting, site, options);
  count_flops(state, flops_of(model.config(), c.layers_above, pushes));
  state.counters["pushes/s"] =
      benchmark::Counter(static_cast<double>(pushes), benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

void add_benchmarks() {
  for (const Case& c :
       {Case{ModelShape::kSmolLm2_135M, 5, 320}, Case{ModelShape::kDeepSeekR1Qwen_1_5B, 3, 32}})
    add(name_of(c.shape) + "/unit", [c](benchmark::State& state) { run(state, c); });
}

}  // namespace tugline::bench
