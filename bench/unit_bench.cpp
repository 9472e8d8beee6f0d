// A unit from end to end, as a sweep runs it: every push of one site. Of the model, only the site's layer and
// those above are made (random): a unit's cost does not depend on the layers below.
//
// "unit" are the two cases that speeds are quoted for: 600 tokens, a span of 25, layer 24. "by_..." change
// one thing of a smaller unit at a time: what bench/cost_curves.py draws.
#include <numeric>

#include "support/peak.h"
#include "support/random_model.h"
#include "tugline/probe/unit.h"

namespace tugline::bench {
namespace {

struct Case {
  ModelShape shape = ModelShape::kSmolLm2_135M;
  int64_t layers_above = 5;  // layer 24 of 30
  int64_t pushes = 128;      // half of them at each of two epsilons
  int64_t rows = 25;
  int64_t prefix = 575;
  int64_t vocabulary = 0;  // 0: the model's own
  int64_t batch_rows = 800;
};

ModelConfig config_of(const Case& c) {
  ModelConfig config = config_of(c.shape, c.layers_above + 1);
  if (c.vocabulary > 0) config.vocab_size = c.vocabulary;
  return config;
}

void run(benchmark::State& state, const Case& c) {
  const Model model = random_model(config_of(c), backend());
  const TokenRange span{c.prefix + 1, c.prefix + 1 + c.rows};
  std::vector<int32_t> ids(static_cast<size_t>(span.end));
  std::iota(ids.begin(), ids.end(), 100);
  const LayerIndex site{0};
  const Baseline baseline(model, ids, std::span(&site, 1));
  const SpanBase base = read_span(model, baseline, span, ReadoutKind::kPredicting, site);
  const PushOptions options{
      .epsilons = {1.0, 2.0}, .directions = static_cast<int32_t>(c.pushes / 2), .supplied = {}};
  const UnitContext context{.limits = {.rows = c.batch_rows, .memory = int64_t{8} << 30}, .after_batch = {}};
  for (auto _ : state) benchmark::DoNotOptimize(measure_unit(model, baseline, base, site, options, context));
  count_flops(state, push_work(model.config(), base.rows, baseline.site(site), c.pushes).total());
  state.counters["pushes/s"] =
      benchmark::Counter(static_cast<double>(c.pushes), benchmark::Counter::kIsIterationInvariantRate);
}

void add_case(const std::string& name, const Case& c) {
  add(name_of(c.shape) + "/" + name, [c](benchmark::State& state) { run(state, c); });
}

// One benchmark for each value of one of the case's fields.
void add_curve(const std::string& name, int64_t Case::*field, const std::vector<int64_t>& values) {
  for (const int64_t value : values) {
    Case c;
    c.*field = value;
    add_case("by_" + name + "/" + std::to_string(value), c);
  }
}

}  // namespace

void add_benchmarks() {
  add_case("unit", {.pushes = 640});
  add_case("unit", {.shape = ModelShape::kDeepSeekR1Qwen_1_5B, .layers_above = 3, .pushes = 64});
  add_curve("layers_above", &Case::layers_above, {1, 5, 10, 15, 20});
  add_curve("span", &Case::rows, {5, 15, 25, 50, 100});
  add_curve("prefix", &Case::prefix, {100, 575, 1000, 2000, 4000});
  add_curve("vocabulary", &Case::vocabulary, {8192, 24576, 49152, 98304, 151936});
  add_curve("batch_rows", &Case::batch_rows, {25, 100, 200, 400, 800, 1600, 3200});
  for (const int64_t rows : {200, 400, 800, 1600, 3200})
    add_case(
        "by_batch_rows/" + std::to_string(rows),
        {.shape = ModelShape::kDeepSeekR1Qwen_1_5B, .layers_above = 3, .pushes = 128, .batch_rows = rows});
}

}  // namespace tugline::bench
