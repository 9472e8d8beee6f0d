#include "tugline/backend/f64_row.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tugline/backend/most_moved.h"
#include "tugline/core/parallel_for.h"

namespace tugline {
namespace {

double log_sum_exp(std::span<const double> x) {
  const double largest = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double v : x) sum += std::exp(v - largest);
  return largest + std::log(sum);
}

// The largest; of equal ones the first.
size_t argmax(std::span<const double> x) {
  return static_cast<size_t>(std::max_element(x.begin(), x.end()) - x.begin());
}

// Below this |t| series are used; their first terms left out are below 1e-19 of the sums.
constexpr double kSmall = 0.1;

// 1 / k! and (k - 1) / k! for k = 2, 3, ...
constexpr size_t kTerms = 11;
struct Series {
  std::array<double, kTerms> beyond{};
  std::array<double, kTerms> forward{};
};
constexpr Series series_coefficients() {
  Series series;
  double factorial = 1;
  for (size_t i = 0; i < kTerms; ++i) {
    const auto k = static_cast<double>(i + 2);
    factorial *= k;
    series.beyond[i] = 1 / factorial;
    series.forward[i] = (k - 1) / factorial;
  }
  return series;
}
constexpr Series kSeries = series_coefficients();

// t^2 times the polynomial.
double sum_of(const std::array<double, kTerms>& coefficients, double t) {
  double sum = 0;
  for (size_t i = kTerms; i-- > 0;) sum = sum * t + coefficients[i];
  return sum * t * t;
}

// e^t - 1 - t
double exp_beyond(double t) { return std::abs(t) < kSmall ? sum_of(kSeries.beyond, t) : std::expm1(t) - t; }

struct LogPartition {
  double value;          // log E_q[e^d]
  double less_the_mean;  // log E_q[e^d] - E_q[d]
};
// Requires centred d, whose mean is only rounding. If E_q[e^d] is near 1, its logarithm is of second order in
// d: the part beyond the mean is summed separately, and log(1 + z) - z is its Taylor series. If e^d would
// overflow, the log-sum-exp form is used; there nothing cancels.
LogPartition log_partition(std::span<const double> d, std::span<const double> q,
                           std::span<const double> log_q) {
  double mean = 0;
  double beyond = 0;
  for (size_t v = 0; v < d.size(); ++v) {
    mean += q[v] * d[v];
    beyond += q[v] * exp_beyond(d[v]);
  }
  const double z = mean + beyond;
  if (std::abs(z) < 1e-4) {
    const double rest = -z * z * (0.5 - z / 3 + z * z / 4 - z * z * z / 5);
    return {z + rest, beyond + rest};
  }
  if (std::isfinite(z)) return {std::log1p(z), std::log1p(z) - mean};
  std::vector<double> log_terms(d.size());
  for (size_t v = 0; v < d.size(); ++v) log_terms[v] = log_q[v] + d[v];
  const double log_sum = log_sum_exp(log_terms);
  return {log_sum, log_sum - mean};
}

// p - q with t = log p - log q. If e^t is huge, q may be too small for a double, so p comes from log p.
double difference(double q, double log_q, double t) {
  return t > 30 ? std::exp(log_q + t) - q : q * std::expm1(t);
}

// (p log(p / m) + q log(q / m)) / 2 with m = (p + q) / 2: with h = t / 2 it is sqrt(p q) (h sinh h - cosh h
// log cosh h), and for small h the bracket is h^2 / 2 + h^6 / 144 + ..., where the h^4 cancel.
double jensen_shannon_term(double log_q, double t) {
  const double h = std::abs(t / 2);
  const double root = std::exp(log_q + t / 2);
  if (h < 0.02) return root * h * h * (0.5 + h * h * h * h / 144);
  if (h < 1) {
    const double s = std::sinh(h / 2);
    return root * (h * std::sinh(h) - std::cosh(h) * std::log1p(2 * s * s));
  }
  const double log_half_sum =
      t > 0 ? t + std::log1p(std::exp(-t)) - std::log(2.0) : std::log1p(std::exp(t)) - std::log(2.0);
  return (std::exp(log_q + t) * (t - log_half_sum) - std::exp(log_q) * log_half_sum) / 2;
}

double expectation(std::span<const double> q, std::span<const double> values) {
  double sum = 0;
  for (size_t v = 0; v < values.size(); ++v) sum += q[v] * values[v];
  return sum;
}

// p t - p + q: their sum is KL(p||q), because p and q both sum to one, and every term is >= 0. With e = e^t -
// 1 that is q (t e + t - e), q (t^2 / 2 + t^3 / 3 + t^4 / 8 + ...).
double forward_term(double q, double moved, double t) {
  if (std::abs(t) < kSmall) return q * sum_of(kSeries.forward, t);
  return (q + moved) * t - moved;
}

// The likeliest token and the one after it; of equal ones the lowest first.
struct Leaders {
  size_t first = 0;
  size_t second = 0;  // first, if there is no other
};
Leaders leaders(std::span<const double> logits) {
  const size_t first = argmax(logits);
  size_t second = first;
  for (size_t v = 0; v < logits.size(); ++v)
    if (v != first && (second == first || logits[v] > logits[second])) second = v;
  return {first, second};
}

// Without the temperature, which cannot change the order of logits.
void compare_leaders(const F64Base& base, std::span<const double> delta, F64Row& row) {
  std::vector<double> pushed(delta.begin(), delta.end());
  for (size_t v = 0; v < pushed.size(); ++v) pushed[v] += base.logits[v];
  const Leaders before = leaders(base.logits);
  const Leaders after = leaders(pushed);
  row.response.top1_flip = flag(before.first != after.first);
  row.lead.margin = std::min(base.logits[before.first] - base.logits[before.second],
                             pushed[after.first] - pushed[after.second]);
  for (const size_t v : {before.first, before.second, after.first, after.second}) {
    row.lead.largest_logit = std::max(row.lead.largest_logit, std::abs(base.logits[v]));
    row.lead.largest_delta = std::max(row.lead.largest_delta, std::abs(delta[v]));
  }
}

}  // namespace

F64Base f64_base(std::vector<double> logits, double temperature) {
  F64Base base{.logits = std::move(logits), .temperature = temperature};
  std::vector<double> divided = base.logits;
  for (double& v : divided) v /= temperature;
  base.log_normaliser = log_sum_exp(divided);
  return base;
}

F64Row f64_row(const F64Base& base, std::span<const double> delta, int32_t target, const AskedTokens& asked) {
  const size_t vocabulary = delta.size();
  std::vector<double> log_q(vocabulary);
  std::vector<double> q(vocabulary);
  std::vector<double> centred(vocabulary);
  for (size_t v = 0; v < vocabulary; ++v) {
    log_q[v] = base.log_q(v);
    q[v] = std::exp(log_q[v]);
    centred[v] = delta[v] / base.temperature;
  }
  const double mean = expectation(q, centred);
  for (double& d : centred) d -= mean;
  const LogPartition partition = log_partition(centred, q, log_q);
  const double log_z = partition.value;
  const double entropy = -expectation(q, log_q);
  F64Row row;
  RowResponse& response = row.response;
  MostMoved most_moved(asked.moved);
  double surprisal = 0;  // sum (p - q) (log q + H(q)): minus the entropy's change, but for KL
  double unsigned_surprisal = 0;
  double squares = 0;  // sum q d^2
  for (size_t v = 0; v < vocabulary; ++v) {
    const double t = centred[v] - log_z;
    const double moved = difference(q[v], log_q[v], t);
    response.kl += forward_term(q[v], moved, t);
    response.js += jensen_shannon_term(log_q[v], t);
    response.total_variation += std::abs(moved) / 2;
    surprisal += moved * (log_q[v] + entropy);
    unsigned_surprisal += std::abs(moved * (log_q[v] + entropy));
    squares += q[v] * centred[v] * centred[v];
    if (asked.moved > 0) most_moved.add(static_cast<int32_t>(v), moved);
  }
  response.kl_reverse = partition.less_the_mean;
  response.delta_logprob = target == kNoTarget ? std::numeric_limits<double>::quiet_NaN()
                                               : centred[static_cast<size_t>(target)] - log_z;
  response.entropy_change = -surprisal - response.kl;
  if (asked.answers)
    response.answer_change =
        delta[static_cast<size_t>(asked.answers->first)] - delta[static_cast<size_t>(asked.answers->second)];
  response.rose = most_moved.take_rose();
  response.fell = most_moved.take_fell();
  compare_leaders(base, delta, row);

  const double spread = std::sqrt(squares);
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (kMeasures[m].has_mean()) row.scales[m] = std::abs(response.*kMeasures[m].row);
  row.scales[measure_named("top1_flips")] = 1;
  row.scales[measure_named("delta_logprob")] += spread;
  row.scales[measure_named("answer_change")] += spread * base.temperature;
  row.scales[measure_named("entropy_change")] = unsigned_surprisal + response.kl;
  return row;
}

void f64_rows(const F64Rows& rows, std::span<const double> deltas, int64_t first_row, std::span<F64Row> out) {
  // Tokens times rows below which waking threads takes longer than they save.
  constexpr size_t kWorthThreads = size_t{1} << 14;
  const size_t vocabulary = deltas.size() / out.size();
  parallel_for(
      std::ssize(out),
      [&](int64_t r) {
        const auto of = static_cast<size_t>(first_row + r) % rows.base.size();
        const std::span<const double> delta = deltas.subspan(static_cast<size_t>(r) * vocabulary, vocabulary);
        out[static_cast<size_t>(r)] = f64_row(rows.base[of], delta, rows.targets[of], rows.asked);
      },
      deltas.size() > kWorthThreads ? Team::kAll : Team::kOne);
}

}  // namespace tugline
