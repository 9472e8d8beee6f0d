#include "tugline/divergence.h"

#include <algorithm>
#include <cmath>

#include "tugline/backend/f64_row.h"
#include "tugline/core/error.h"
#include "tugline/core/parallel_for.h"

namespace tugline {
namespace {

void check_finite(std::span<const double> values, const char* name, int64_t vocabulary) {
  const auto bad =
      std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
  if (bad == values.end()) return;
  const int64_t at = bad - values.begin();
  refuse(name, "row {}, token {} is {}; logits must be finite", at / vocabulary, at % vocabulary, *bad);
}

void check(std::span<const double> a, const char* a_name, std::span<const double> b, const char* b_name,
           int64_t vocabulary) {
  if (vocabulary < 1) refuse("vocabulary", "{} tokens; expected 1 at least", vocabulary);
  if (a.size() != b.size() || a.size() % static_cast<size_t>(vocabulary) != 0)
    refuse(a_name, "{} numbers, and {} has {}; expected as many, in rows of {}", a.size(), b_name, b.size(),
           vocabulary);
  check_finite(a, a_name, vocabulary);
  check_finite(b, b_name, vocabulary);
}

// `delta_row(row)` gives a row of the difference.
template <typename DeltaRow>
std::vector<double> divergences(std::span<const double> base, int64_t vocabulary, double temperature,
                                const DeltaRow& delta_row) {
  if (!(temperature > 0) || !std::isfinite(temperature))
    refuse("temperature", "{} is not a positive number", temperature);
  std::vector<double> result(base.size() / static_cast<size_t>(vocabulary));
  parallel_for(static_cast<int64_t>(result.size()), [&](int64_t row) {
    const auto logits = base.subspan(static_cast<size_t>(row * vocabulary), static_cast<size_t>(vocabulary));
    const F64Base q = f64_base({logits.begin(), logits.end()}, temperature);
    result[static_cast<size_t>(row)] = f64_row(q, delta_row(row), kNoTarget).response.kl;
  });
  return result;
}

}  // namespace

std::vector<double> kl(std::span<const double> p_logits, std::span<const double> q_logits, int64_t vocabulary,
                       double temperature) {
  check(p_logits, "p_logits", q_logits, "q_logits", vocabulary);
  return divergences(q_logits, vocabulary, temperature, [&](int64_t row) {
    const auto begin = static_cast<size_t>(row * vocabulary);
    std::vector<double> delta(static_cast<size_t>(vocabulary));
    for (size_t v = 0; v < delta.size(); ++v) delta[v] = p_logits[begin + v] - q_logits[begin + v];
    return delta;
  });
}

std::vector<double> kl_of_difference(std::span<const double> delta, std::span<const double> base_logits,
                                     int64_t vocabulary, double temperature) {
  check(delta, "delta", base_logits, "base_logits", vocabulary);
  return divergences(base_logits, vocabulary, temperature, [&](int64_t row) {
    return delta.subspan(static_cast<size_t>(row * vocabulary), static_cast<size_t>(vocabulary));
  });
}

}  // namespace tugline
