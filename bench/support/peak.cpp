#include "support/peak.h"

#include <omp.h>

#include <chrono>
#include <cstdlib>
#include <ctime>

#include "tugline/backend/product_speed.h"

namespace tugline::bench {
namespace {

double now() {
  if (counts_cpu_time()) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

using Counter = benchmark::Counter;

Precision wanted_precision() {
  const char* name = std::getenv("TUGLINE_BENCH_PRECISION");
  return name == nullptr ? Precision::kF32 : precision_of(name).value();
}

}  // namespace

Backend& backend() {
  static const std::unique_ptr<Backend> made = make_cpu_backend({.precision = wanted_precision()});
  return *made;
}

double peak_flops() {
  static const double measured = measure_product_speed(backend(), now);
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

}  // namespace tugline::bench
