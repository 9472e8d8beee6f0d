#include "tugline/backend/product_speed.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace tugline {
namespace {

constexpr int kRuns = 8;
constexpr double kSecondsOfRuns = 2.0;  // after which a slow machine is not kept any longer

// Numbers between -1/2 and 1/2. Their values do not matter.
double value_at(int64_t i) { return static_cast<double>(i * 7919 % 1024) / 1024.0 - 0.5; }

LinearSource made_weight() {
  return {.out = kYardstickOut,
          .in = kYardstickIn,
          .fill_rows =
              [](int64_t begin, std::span<float> out) {
                for (size_t i = 0; i < out.size(); ++i)
                  out[i] = static_cast<float>(value_at(begin * kYardstickIn + static_cast<int64_t>(i)));
              },
          .bias = {}};
}

}  // namespace

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double measure_product_speed(Backend& backend, const std::function<double()>& clock) {
  const auto weight = backend.make_linear(made_weight());
  const auto x = backend.allocate(kYardstickRows, kYardstickIn);
  const auto y = backend.allocate(kYardstickRows, kYardstickOut);
  std::vector<double> values(static_cast<size_t>(kYardstickRows * kYardstickIn));
  for (size_t i = 0; i < values.size(); ++i) values[i] = value_at(static_cast<int64_t>(i));
  backend.upload(values, x->matrix());
  const bool on_values = backend.precision() == Precision::kPlainBf16;
  const auto seconds_of_one = [&] {
    const double start = clock();
    if (on_values)
      backend.linear(x->matrix(), *weight, y->matrix(), Accumulate::kNo);
    else
      backend.linear_difference(x->matrix(), *weight, y->matrix(), Accumulate::kNo);
    return clock() - start;
  };
  (void)seconds_of_one();  // the first one makes oneDNN choose its kernel
  double best = seconds_of_one();
  double spent = best;
  for (int run = 1; run < kRuns && spent < kSecondsOfRuns; ++run) {
    const double seconds = seconds_of_one();
    best = std::min(best, seconds);
    spent += seconds;
  }
  return 2.0 * static_cast<double>(kYardstickRows * kYardstickOut * kYardstickIn) / best;
}

}  // namespace tugline
