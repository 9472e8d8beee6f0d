// The definition of the divergence of pushed rows from base rows, in two passes of long double:
// log-probabilities of both distributions, then the sums. 64 bits of mantissa leave KL right to 1e-17
// absolute. Tests compare both backends with it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "backend/both_backends.h"

namespace tugline::test {

struct DivergenceCase {
  int64_t vocabulary, hidden, rows, pushes;
  std::vector<double> head;  // [vocabulary, hidden]
  std::vector<double> x;     // [rows, hidden]
  std::vector<double> dx;    // [pushes * rows, hidden]
  std::vector<int32_t> targets;
};

// logits of x: normal with standard deviation `base`; of dx: with `move`.
struct Scales {
  double base = 3;
  double move = 0.1;
};

inline DivergenceCase make_case(Numbers& numbers, int64_t vocabulary, Scales scales, int64_t rows = 3,
                                int64_t pushes = 4) {
  DivergenceCase c{.vocabulary = vocabulary,
                   .hidden = numbers.one_of<int64_t>({24, 37, 64}),
                   .rows = rows,
                   .pushes = pushes,
                   .head = {},
                   .x = {},
                   .dx = {},
                   .targets = {}};
  const double unit = 1 / std::sqrt(static_cast<double>(c.hidden));
  c.head = numbers.normals(vocabulary * c.hidden, unit);
  c.x = numbers.normals(rows * c.hidden, scales.base);
  c.dx = numbers.normals(pushes * rows * c.hidden, scales.move);
  for (int64_t r = 0; r < rows; ++r)
    c.targets.push_back(static_cast<int32_t>(numbers.between(0, vocabulary - 1)));
  return c;
}

inline std::vector<Long> products(const DivergenceCase& c, const std::vector<double>& x, int64_t row) {
  std::vector<Long> out;
  for (int64_t v = 0; v < c.vocabulary; ++v) {
    Long sum = 0;
    for (int64_t i = 0; i < c.hidden; ++i)
      sum += static_cast<Long>(c.head[static_cast<size_t>(v * c.hidden + i)]) *
             static_cast<Long>(x[static_cast<size_t>(row * c.hidden + i)]);
    out.push_back(sum);
  }
  return out;
}

inline void normalise(std::vector<Long>& logits) {
  const Long largest = *std::max_element(logits.begin(), logits.end());
  Long sum = 0;
  for (const Long l : logits) sum += std::exp(l - largest);
  for (Long& l : logits) l -= largest + std::log(sum);
}

inline RowResponse definition(const DivergenceCase& c, int64_t pushed_row) {
  const int64_t row = pushed_row % c.rows;
  std::vector<Long> log_q = products(c, c.x, row);
  const std::vector<Long> delta = products(c, c.dx, pushed_row);
  std::vector<Long> log_p(log_q.size());
  std::transform(log_q.begin(), log_q.end(), delta.begin(), log_p.begin(), std::plus<>());
  normalise(log_q);
  normalise(log_p);
  Long forward = 0;
  Long backward = 0;
  Long js = 0;
  Long variation = 0;
  Long entropy = 0;
  for (size_t v = 0; v < log_q.size(); ++v) {
    const Long p = std::exp(log_p[v]);
    const Long q = std::exp(log_q[v]);
    if (p > 0) js += p * std::log(2 * p / (p + q)) / 2;
    if (q > 0) js += q * std::log(2 * q / (p + q)) / 2;
    variation += std::abs(p - q) / 2;
    entropy += q * log_q[v] - p * log_p[v];
    forward += std::exp(log_p[v]) * (log_p[v] - log_q[v]);
    backward += std::exp(log_q[v]) * (log_q[v] - log_p[v]);
  }
  const auto target = static_cast<size_t>(c.targets[static_cast<size_t>(row)]);
  const bool flip = std::max_element(log_p.begin(), log_p.end()) - log_p.begin() !=
                    std::max_element(log_q.begin(), log_q.end()) - log_q.begin();
  return {static_cast<double>(forward),
          static_cast<double>(backward),
          static_cast<double>(log_p[target] - log_q[target]),
          flag(flip),
          static_cast<double>(js),
          static_cast<double>(variation),
          static_cast<double>(entropy)};
}

// sum q over the tokens of |log p - log q| < distance.
inline double mass_near_level(const DivergenceCase& c, int64_t pushed_row, double distance) {
  std::vector<Long> log_q = products(c, c.x, pushed_row % c.rows);
  const std::vector<Long> delta = products(c, c.dx, pushed_row);
  std::vector<Long> log_p(log_q.size());
  std::transform(log_q.begin(), log_q.end(), delta.begin(), log_p.begin(), std::plus<>());
  normalise(log_q);
  normalise(log_p);
  Long mass = 0;
  for (size_t v = 0; v < log_q.size(); ++v)
    if (std::abs(log_p[v] - log_q[v]) < distance) mass += std::exp(log_q[v]);
  return static_cast<double>(mass);
}

inline std::vector<RowResponse> responses(Backend& backend, const DivergenceCase& c, double temperature = 1) {
  const auto head = backend.make_head(source_of(c.head, c.vocabulary, c.hidden));
  const auto base = backend.make_readout(*head, Slice(backend, c.x, c.hidden).view(), c.targets,
                                         {.temperature = temperature});
  return backend.submit_divergence(*head, *base, Slice(backend, c.dx, c.hidden).view())->collect();
}

// Logits are sums of `hidden` products: a random walk of sqrt(hidden) <= 8 roundings, twice that for the
// worst of many. For delta, of size `move`, that is an error of 16 unit move. Its part that is common to all
// tokens does no harm; the rest shows where the likely tokens' deltas lie close together: the derivative of
// KL by delta, summed over the tokens, is about sqrt(2 KL).
inline double delta_error(double unit, double move) { return 16 * unit * move; }

// KL(q || p) has E_q[delta] in it, a sum in f64 of terms as large as the move, on both backends.
inline double mean_error(const DivergenceCase& c, double move) {
  return (16 + std::sqrt(static_cast<double>(c.vocabulary))) * 0x1p-53 * move;
}

// Beside that: the base's logits, about 3 in size, make q wrong by 16 x 3 units, and the sums over the
// vocabulary add a random walk of theirs.
inline constexpr double kRelative = 64;

// `unit`: the backend's rounding.
inline void expect_definition(Backend& backend, const DivergenceCase& c, double unit, double move) {
  const double relative = (kRelative + std::sqrt(static_cast<double>(c.vocabulary))) * unit;
  const auto bound = [&](double kl) {
    constexpr double kDefinition = 1e-17;  // what the definition loses in long double
    return relative * kl + delta_error(unit, move) * std::sqrt(2 * kl) + kDefinition;
  };
  const auto found = responses(backend, c);
  for (size_t r = 0; r < found.size(); ++r) {
    const RowResponse expected = definition(c, static_cast<int64_t>(r));
    ASSERT_NEAR(found[r].kl, expected.kl, bound(expected.kl)) << backend.name() << " row " << r;
    ASSERT_NEAR(found[r].kl_reverse, expected.kl_reverse, bound(expected.kl_reverse) + mean_error(c, move))
        << backend.name() << " row " << r;
    ASSERT_NEAR(found[r].delta_logprob, expected.delta_logprob, relative * move)
        << backend.name() << " row " << r;
    ASSERT_EQ(found[r].top1_flip, expected.top1_flip) << backend.name() << " row " << r;
    // In f32 log E_q[e^d] is estimated before the walk. Its error eta is corrected for to the second order in
    // JS, whose second derivative is known to 0.1 of JS; a third order is left, eta^3 / 24 at most. In TV the
    // tokens of |u| < eta are on the wrong side (docs/method.md).
    const double eta =
        unit == kF64Unit ? 0 : std::sqrt(2.5e-4 * std::min(4.0, expected.kl + expected.kl_reverse));
    ASSERT_NEAR(found[r].js, expected.js,
                bound(expected.js) + 0.1 * eta * eta * expected.js + eta * eta * eta / 24)
        << backend.name() << " row " << r;
    ASSERT_NEAR(found[r].total_variation, expected.total_variation,
                relative * expected.total_variation + delta_error(unit, move) +
                    eta * mass_near_level(c, static_cast<int64_t>(r), 1.01 * eta))
        << backend.name() << " row " << r;
    // sum (p - q) log q: terms of the size of log q, some tens of nats at most.
    ASSERT_NEAR(found[r].entropy_change, expected.entropy_change,
                16 * (relative * (expected.total_variation + expected.kl) + delta_error(unit, move)))
        << backend.name() << " row " << r;
  }
}

}  // namespace tugline::test
