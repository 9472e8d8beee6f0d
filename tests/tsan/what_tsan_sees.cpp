// Shows that the build's ThreadSanitizer is neither blind nor taken in: run as `what_tsan_sees openmp` or
// `what_tsan_sees threads` it has a race, as `what_tsan_sees none` it has none, though its threads share
// memory by all that OpenMP synchronises.
#include <cstdio>
#include <numeric>
#include <string_view>
#include <thread>
#include <vector>

#include "tugline/core/parallel_for.h"

namespace {

constexpr int64_t kCount = 1000;

int64_t race_of_openmp_threads() {
  int64_t sum = 0;
  tugline::parallel_for(kCount, [&](int64_t i) { sum += i; });
  return sum;
}

int64_t race_of_threads() {
  int64_t sum = 0;
  std::jthread other([&] { sum += 1; });
  sum += 2;
  return sum;
}

// Each loop reads what other threads have written in the one before.
int64_t synchronised() {
  std::vector<int64_t> values(kCount);
  int64_t sum = 0;
  for (int round = 0; round < 20; ++round) {
    tugline::parallel_for(kCount, [&](int64_t i) { values[i] = i + round; });
    tugline::parallel_for<tugline::Schedule::kDynamic>(
        kCount / 2, [&](int64_t i) { std::swap(values[i], values[kCount - 1 - i]); });
    tugline::parallel_for<tugline::Schedule::kInterleaved>(kCount, [&](int64_t i) { values[i] += 1; });
#pragma omp parallel
    {
#pragma omp for reduction(+ : sum)
      for (int64_t i = 0; i < kCount; ++i) sum += values[i];
#pragma omp single
      values.assign(kCount, 0);
#pragma omp critical
      values[0] += 1;
#pragma omp barrier
#pragma omp for schedule(static, 1)
      for (int64_t i = 1; i < kCount; ++i) values[i] = values[0];
    }
    sum += std::accumulate(values.begin(), values.end(), int64_t{0});
  }
  return sum;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view which = count == 2 ? words[1] : "";
  if (which != "openmp" && which != "threads" && which != "none") return 2;
  const int64_t sum = which == "openmp"    ? race_of_openmp_threads()
                      : which == "threads" ? race_of_threads()
                                           : synchronised();
  std::printf("%lld\n", static_cast<long long>(sum));
  return 0;
}
