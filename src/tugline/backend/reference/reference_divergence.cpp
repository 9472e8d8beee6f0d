// The divergence of docs/method.md in f64 and in two passes: first the exact mean of delta under q, then the sums.
#include <cmath>
#include <limits>

#include "tugline/backend/reference/reference_ops.h"

namespace tugline::reference {
namespace {

// Tokens times rows below which waking threads takes longer than they save.
constexpr int64_t kWorthThreads = int64_t{1} << 14;

double log_sum_exp(std::span<const double> x) {
  const double largest = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double v : x) sum += std::exp(v - largest);
  return largest + std::log(sum);
}

size_t argmax(std::span<const double> x) {
  return static_cast<size_t>(std::max_element(x.begin(), x.end()) - x.begin());
}

// log E_q[e^delta] for centred delta. Where e^delta would overflow, in the log-sum-exp form; there nothing cancels.
double log_partition(std::span<const double> delta, std::span<const double> q,
                     std::span<const double> log_q) {
  double sum = 0;
  for (size_t v = 0; v < delta.size(); ++v) sum += q[v] * std::expm1(delta[v]);
  if (std::isfinite(sum)) return std::log1p(sum);
  std::vector<double> log_terms(delta.size());
  for (size_t v = 0; v < delta.size(); ++v) log_terms[v] = log_q[v] + delta[v];
  return log_sum_exp(log_terms);
}

// p - q with t = log p - log q. Where e^t is huge and q may be too small for a double, p comes from log p.
double difference(double q, double log_q, double t) {
  return t > 30 ? std::exp(log_q + t) - q : q * std::expm1(t);
}

// (p log(p / m) + q log(q / m)) / 2 with m = (p + q) / 2: with h = t / 2 it is sqrt(p q) (h sinh h - cosh h log cosh h), and for small h
// the bracket is h^2 / 2 + h^6 / 144 + ..., where the h^4 cancel.
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

}  // namespace

RowResponse row_response(std::span<const double> delta, std::span<const double> log_q, int32_t target) {
  std::vector<double> q(log_q.size());
  for (size_t v = 0; v < q.size(); ++v) q[v] = std::exp(log_q[v]);
  const double mean = expectation(q, delta);
  std::vector<double> centred(delta.begin(), delta.end());
  for (double& d : centred) d -= mean;
  const double log_z = log_partition(centred, q, log_q);
  const double entropy = -expectation(q, log_q);
  double forward = 0;
  double js = 0;
  double variation = 0;
  double surprisal = 0;  // sum (p - q) (log q + H(q)): minus the entropy's change, but for KL
  std::vector<double> log_p(delta.size());
  for (size_t v = 0; v < delta.size(); ++v) {
    const double t = centred[v] - log_z;
    log_p[v] = log_q[v] + t;
    const double moved = difference(q[v], log_q[v], t);
    // p t - p + q: their sum is KL(p||q), because p and q both sum to one, and every term is >= 0.
    forward += (q[v] + moved) * t - moved;
    js += jensen_shannon_term(log_q[v], t);
    variation += std::abs(moved) / 2;
    surprisal += moved * (log_q[v] + entropy);
  }
  const double none = std::numeric_limits<double>::quiet_NaN();
  return {.kl = forward,
          .kl_reverse = log_z,
          .delta_logprob = target == kNoTarget ? none : centred[static_cast<size_t>(target)] - log_z,
          .top1_flip = argmax(log_p) != argmax(log_q),
          .js = js,
          .total_variation = variation,
          .entropy_change = -surprisal - forward};
}

std::unique_ptr<Readout> make_readout(const Weight& head, const Matrix& x, std::span<const int32_t> targets,
                                      double temperature) {
  const int64_t vocabulary = head.source.out;
  auto readout = std::make_unique<ReferenceReadout>();
  readout->rows = x.rows;
  readout->temperature = temperature;
  readout->targets.assign(targets.begin(), targets.end());
  std::vector<double> logits(static_cast<size_t>(x.rows * vocabulary));
  linear(x, head,
         {reinterpret_cast<std::byte*>(logits.data()), x.rows, vocabulary, vocabulary, sizeof(double)},
         Accumulate::kNo);
  readout->log_q.resize(static_cast<size_t>(x.rows));
#pragma omp parallel for schedule(static) if (x.rows * vocabulary > kWorthThreads)
  for (int64_t r = 0; r < x.rows; ++r) {
    std::vector<double> log_q(logits.begin() + r * vocabulary, logits.begin() + (r + 1) * vocabulary);
    for (double& v : log_q) v /= temperature;
    const double normaliser = log_sum_exp(log_q);
    for (double& v : log_q) v -= normaliser;
    readout->log_q[static_cast<size_t>(r)] = std::move(log_q);
  }
  return readout;
}

void divergence(const Weight& head, const ReferenceReadout& base, const Matrix& dx,
                std::span<RowResponse> out) {
  constexpr int64_t kRows = 32;  // logits held at once
  const int64_t vocabulary = head.source.out;
  std::vector<double> delta(static_cast<size_t>(kRows * vocabulary));
  for (int64_t begin = 0; begin < dx.rows; begin += kRows) {
    const int64_t count = std::min(kRows, dx.rows - begin);
    linear(dx.row_range(begin, count), head,
           {reinterpret_cast<std::byte*>(delta.data()), count, vocabulary, vocabulary, sizeof(double)},
           Accumulate::kNo);
    for (double& v : delta) v /= base.temperature;
#pragma omp parallel for schedule(static) if (count * vocabulary > kWorthThreads)
    for (int64_t r = begin; r < begin + count; ++r) {
      const auto i = static_cast<size_t>(r % base.rows);
      const std::span<const double> row_delta(delta.data() + (r - begin) * vocabulary,
                                              static_cast<size_t>(vocabulary));
      out[static_cast<size_t>(r)] = row_response(row_delta, base.log_q[i], base.targets[i]);
    }
  }
}

// In f64 the difference of two logits loses nothing that matters, so this is the divergence of x less the base's rows.
void compare(const Weight& head, const Matrix& x, std::span<const int32_t> targets, double temperature,
             std::span<RowResponse> out) {
  const auto rows = static_cast<int64_t>(targets.size());
  const Matrix base = x.row_range(0, rows);
  std::vector<double> differences;
  for (int64_t r = rows; r < x.rows; ++r)
    for (int64_t c = 0; c < x.columns; ++c) differences.push_back(row(x, r)[c] - row(base, r % rows)[c]);
  const auto readout = make_readout(head, base, targets, temperature);
  divergence(
      head, dynamic_cast<const ReferenceReadout&>(*readout),
      {reinterpret_cast<std::byte*>(differences.data()), x.rows - rows, x.columns, x.columns, sizeof(double)},
      out);
}

}  // namespace tugline::reference
