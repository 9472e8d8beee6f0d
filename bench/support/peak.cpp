#include "support/peak.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "support/random_model.h"

namespace tugline::bench {
namespace {

double now() {
  if (counts_cpu_time()) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double measure_peak() {
  constexpr int64_t kRows = 800;
  constexpr int64_t kOut = 8960;
  constexpr int64_t kIn = 1536;
  constexpr int kWarmUps = 2;
  constexpr int kRuns = 8;
  const auto weight = backend().make_linear(random_linear(kOut, kIn, 1));
  const auto x = random_buffer(backend(), kRows, kIn, 2);
  const auto y = backend().allocate(kRows, kOut);
  double best = 1e300;
  for (int run = 0; run < kWarmUps + kRuns; ++run) {
    const double start = now();
    backend().linear(x->matrix(), *weight, y->matrix(), Accumulate::kNo);
    if (run >= kWarmUps) best = std::min(best, now() - start);
  }
  return linear_flops(kRows, kOut, kIn) / best;
}

using Counter = benchmark::Counter;

}  // namespace

Backend& backend() {
  static const std::unique_ptr<Backend> made = make_cpu_backend();
  return *made;
}

double peak_flops() {
  static const double measured = measure_peak();
  return measured;
}

bool counts_cpu_time() { return omp_get_max_threads() == 1; }

void count_flops(benchmark::State& state, double flops) {
  state.counters["GFLOP/s"] = Counter(flops / 1e9, Counter::kIsIterationInvariantRate);
  state.counters["peak_share"] = Counter(flops / peak_flops(), Counter::kIsIterationInvariantRate);
}

void count_bytes(benchmark::State& state, double bytes) {
  state.counters["GB/s"] = Counter(bytes / 1e9, Counter::kIsIterationInvariantRate);
}

double linear_flops(int64_t rows, int64_t out, int64_t in) {
  return 2.0 * static_cast<double>(rows * out * in);
}

// Two products, each over the prefix and, on average, half of the push's own rows.
double attention_flops(const RowLayout& layout, const HeadShape& shape) {
  const double visible =
      static_cast<double>(layout.first_position) + (static_cast<double>(layout.rows) + 1) / 2;
  return 4.0 * static_cast<double>(layout.total() * shape.num_heads * shape.head_dim) * visible;
}

double layer_flops(const ModelConfig& config, const RowLayout& layout) {
  const int64_t rows = layout.total();
  return linear_flops(rows, config.q_size() + 2 * config.kv_size(), config.hidden_size) +
         attention_flops(layout, {config.num_heads, config.num_kv_heads, config.head_dim}) +
         linear_flops(rows, config.hidden_size, config.q_size()) +
         linear_flops(rows, 3 * config.intermediate_size, config.hidden_size);
}

}  // namespace tugline::bench
