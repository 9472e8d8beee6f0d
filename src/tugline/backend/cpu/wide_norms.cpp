#include "tugline/backend/cpu/wide_norms.h"

#include <algorithm>
#include <cmath>

namespace tugline::cpu {
namespace {

double wide_dot(const float* x, const float* y, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return sum;
}

double root_of(double squares, int64_t n, float eps) {
  return std::sqrt(squares / static_cast<double>(n) + static_cast<double>(eps));
}

// norm(h + d) - norm(h), where d takes most of h away.
void large_difference(const float* h, const float* d, const float* weight, int64_t n, double before,
                      float eps, float* out) {
  double squares = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double moved = static_cast<double>(h[i]) + static_cast<double>(d[i]);
    squares += moved * moved;
  }
  const double after = root_of(squares, n, eps);
  for (int64_t i = 0; i < n; ++i) {
    const double base = h[i];
    out[i] = static_cast<float>(((base + static_cast<double>(d[i])) / after - base / before) *
                                static_cast<double>(weight[i]));
  }
}

}  // namespace

void wide_rms_norm_row(const float* x, const float* weight, int64_t n, float eps, float* out) {
  const double root = root_of(wide_dot(x, x, n), n, eps);
  for (int64_t i = 0; i < n; ++i)
    out[i] = static_cast<float>(static_cast<double>(x[i]) / root * static_cast<double>(weight[i]));
}

void wide_rms_norm_difference_row(const float* h, const float* d, const float* weight, int64_t n, float eps,
                                  float* out) {
  if (std::all_of(d, d + n, [](float v) { return v == 0; })) {  // rows that no push has reached yet
    std::fill_n(out, n, 0.0f);
    return;
  }
  const double before = root_of(wide_dot(h, h, n), n, eps);
  const double m = (2 * wide_dot(h, d, n) + wide_dot(d, d, n)) / static_cast<double>(n);
  if (m < -0.5 * before * before) return large_difference(h, d, weight, n, before, eps, out);
  const double after = std::sqrt(before * before + m);
  const double pull = m / (before * after * (before + after));
  for (int64_t i = 0; i < n; ++i) {
    const double change = static_cast<double>(d[i]) / after - static_cast<double>(h[i]) * pull;
    out[i] = static_cast<float>(change * static_cast<double>(weight[i]));
  }
}

}  // namespace tugline::cpu
