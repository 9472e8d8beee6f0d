// The yardstick of every benchmark: the machine's own matrix-product speed, and the counters that compare
// with it.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "tugline/backend/backend.h"
#include "tugline/probe/cost.h"

namespace tugline::bench {

// The batch that the benchmarks run: 32 pushes over a span of 25 in a text of 600 tokens, the site's position
// 575.
inline constexpr RowLayout kBatch{.pushes = 32, .rows = 25, .first_position = 575};

// One backend for the whole program, with as many threads as OMP_NUM_THREADS or the machine gives, in
// TUGLINE_BENCH_PRECISION or f32.
[[nodiscard]] Backend& backend();

// FLOP/s of the backend's linear map on differences (backend/product_speed), taken before the first
// benchmark.
[[nodiscard]] double peak_flops();

// Seconds that rates are counted in: the wall's, or with one thread the processor's, which a busy machine
// disturbs less.
[[nodiscard]] bool counts_cpu_time();

// Counters GFLOP/s and peak_share, from the floating-point operations of one iteration.
void count_flops(benchmark::State& state, double flops);
// Counter GB/s, from the bytes that one iteration must read and write.
void count_bytes(benchmark::State& state, double bytes);

// Registers a function of benchmark::State& under a name, with the clock that counts_cpu_time() says.
template <typename Function>
void add(const std::string& name, Function function) {
  auto* registered = benchmark::RegisterBenchmark(name.c_str(), function)->Unit(benchmark::kMillisecond);
  if (!counts_cpu_time()) registered->UseRealTime();
}

// Each program's own benchmarks; called once by main.
void add_benchmarks();

}  // namespace tugline::bench
