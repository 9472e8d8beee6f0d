// main() of every benchmark program: measures the peak, then runs what the program adds.
#include <omp.h>

#include <cstdio>

#include "support/peak.h"

int main(int argc, char** argv) {
  using namespace tugline::bench;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("threads", std::to_string(omp_get_max_threads()));
  benchmark::AddCustomContext("rates_per_second_of", counts_cpu_time() ? "processor time" : "wall time");
  benchmark::AddCustomContext("matrix_product_peak_gflops", std::to_string(peak_flops() / 1e9));
  add_benchmarks();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
