// From a model's files to weights that are packed and ready to push: time, and the process's peak memory
// against the f32 weights (each parameter once). The models are those that TUGLINE_BENCH_MODELS names,
// separated by ':'; without it there is nothing to load.
#include <sys/resource.h>

#include <cstdlib>
#include <sstream>

#include "support/peak.h"
#include "tugline/model/model.h"

namespace tugline::bench {
namespace {

int64_t parameters(const ModelSource& source) {
  const auto tensors = source.open_tensors();
  int64_t count = 0;
  for (const std::string& name : tensors->names()) count += tensors->find(name)->elements();
  return count;
}

// The process's peak so far: run one model at a time (--benchmark_filter) to read it.
double peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

void load(benchmark::State& state, const std::string& path) {
  const ModelSource source = resolve_model(path);
  const double weights = static_cast<double>(sizeof(float)) * static_cast<double>(parameters(source));
  for (auto _ : state) benchmark::DoNotOptimize(Model::load(source, backend()));
  count_bytes(state, weights);
  state.counters["weights_GiB"] = weights / (1 << 30);
  state.counters["peak_GiB"] = peak_bytes() / (1 << 30);
  state.counters["allowed_GiB"] = 1.15 * weights / (1 << 30) + 1;
}

}  // namespace

void add_benchmarks() {
  const char* models = std::getenv("TUGLINE_BENCH_MODELS");
  std::stringstream paths(models == nullptr ? "" : models);
  for (std::string path; std::getline(paths, path, ':');)
    add("load/" + resolve_model(path).name, [path](benchmark::State& state) { load(state, path); });
}

}  // namespace tugline::bench
