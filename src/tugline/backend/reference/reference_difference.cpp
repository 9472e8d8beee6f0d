// The operations on differences in f64, as docs/method.md ("Difference propagation") writes them. Compare
// reference_ops.cpp.
#include <cmath>
#include <limits>
#include <numbers>

#include "tugline/backend/reference/reference_ops.h"
#include "tugline/core/parallel_for.h"

namespace tugline::reference {
namespace {

// One head of one row: base keys and values, and the push's differences to the own ones.
struct RowView {
  const ReferenceAttentionTrace& base;
  const AttentionDifferences& in;
  int64_t push;       // which push
  int64_t i;          // row of the push
  int64_t column;     // first column of the head in q
  int64_t kv_column;  // first column of the head in k and v
  int64_t probability_row;

  [[nodiscard]] int64_t own_row(int64_t j) const { return push * in.layout.rows + j; }
  [[nodiscard]] const double* dq() const { return row(in.dq, own_row(i)) + column; }
  [[nodiscard]] const double* q() const { return row(base.q.matrix(), i) + column; }
  [[nodiscard]] const double* probabilities() const {
    return row(base.probabilities.matrix(), probability_row);
  }
};

// ds = dq.k for the prefix, dq.k + q.dk + dq.dk for own rows, scaled.
std::vector<double> score_differences(const RowView& view) {
  const AttentionDifferences& in = view.in;
  const int64_t dim = view.base.shape.head_dim;
  const double scale = view.base.shape.scale;
  std::vector<double> ds;
  for (int64_t j = 0; j < in.layout.first_position; ++j)
    ds.push_back(scale * dot(view.dq(), row(view.base.prefix_k, j) + view.kv_column, dim));
  for (int64_t j = 0; j <= view.i; ++j) {
    const double* k = row(view.base.k.matrix(), j) + view.kv_column;
    const double* dk = row(in.dk, view.own_row(j)) + view.kv_column;
    ds.push_back(scale * (dot(view.dq(), k, dim) + dot(view.q(), dk, dim) + dot(view.dq(), dk, dim)));
  }
  return ds;
}

// Subtracts the mean under P first. A change that all scores share has no effect, and E_P[e^ds] >= 1 then
// holds, so 1 + z cannot cancel. Returns the largest change of a key that has weight.
double centre(const double* p, std::vector<double>& ds) {
  const double mean = dot(ds.data(), p, static_cast<int64_t>(ds.size()));
  double largest = -std::numeric_limits<double>::infinity();
  for (size_t j = 0; j < ds.size(); ++j) {
    ds[j] -= mean;
    if (p[j] > 0) largest = std::max(largest, ds[j]);
  }
  return largest;
}

// z = sum P expm1(ds), dP = P (expm1(ds) - z) / (1 + z); in place. If e^ds could overflow, P' = P e^(ds -
// max) / sum and dP = P' - P; no small numbers cancel there.
void probability_differences(const double* p, std::vector<double>& ds) {
  const double largest = centre(p, ds);
  double z = 0;
  if (largest > 30) {
    for (size_t j = 0; j < ds.size(); ++j) z += ds[j] = p[j] * std::exp(std::min(ds[j] - largest, 0.0));
    for (size_t j = 0; j < ds.size(); ++j) ds[j] = ds[j] / z - p[j];
    return;
  }
  constexpr double kLargestExponent = 700;  // of keys without weight
  for (size_t j = 0; j < ds.size(); ++j) z += p[j] * (ds[j] = std::expm1(std::min(ds[j], kLargestExponent)));
  for (size_t j = 0; j < ds.size(); ++j) ds[j] = p[j] * (ds[j] - z) / (1 + z);
}

// dP v + (P + dP) dv
void mix_differences(const RowView& view, const std::vector<double>& dp, std::span<double> out) {
  const AttentionDifferences& in = view.in;
  const int64_t prefix = in.layout.first_position;
  std::fill(out.begin(), out.end(), 0.0);
  for (int64_t j = 0; j < static_cast<int64_t>(dp.size()); ++j) {
    const double change = dp[static_cast<size_t>(j)];
    const bool own = j >= prefix;
    const double* v = own ? row(view.base.v.matrix(), j - prefix) : row(view.base.prefix_v, j);
    for (size_t c = 0; c < out.size(); ++c) out[c] += change * v[view.kv_column + static_cast<int64_t>(c)];
    if (!own) continue;
    const double probability = view.probabilities()[j] + change;
    const double* dv = row(in.dv, view.own_row(j - prefix)) + view.kv_column;
    for (size_t c = 0; c < out.size(); ++c) out[c] += probability * dv[c];
  }
}

struct NormRow {
  const double* h;
  const double* d;
  const double* weight;
  int64_t n;
  double eps;
};

// For a d that takes most of h away: there sums over h and d apart would cancel, and norm(h + d) - norm(h)
// does not.
void rms_norm_large_difference(const NormRow& in, double before, double* out) {
  double squares = 0;
  for (int64_t i = 0; i < in.n; ++i) squares += (in.h[i] + in.d[i]) * (in.h[i] + in.d[i]);
  const double after = std::sqrt(squares / static_cast<double>(in.n) + in.eps);
  for (int64_t i = 0; i < in.n; ++i) out[i] = ((in.h[i] + in.d[i]) / after - in.h[i] / before) * in.weight[i];
}

void rms_norm_row_difference(const NormRow& in, double* out) {
  const double count = static_cast<double>(in.n);
  const double mean_square = dot(in.h, in.h, in.n) / count + in.eps;
  const double m = (2 * dot(in.h, in.d, in.n) + dot(in.d, in.d, in.n)) / count;
  const double before = std::sqrt(mean_square);
  if (m < -0.5 * mean_square) return rms_norm_large_difference(in, before, out);
  const double after = std::sqrt(mean_square + m);
  const double pull = m / (before * after * (before + after));
  for (int64_t i = 0; i < in.n; ++i) out[i] = (in.d[i] / after - in.h[i] * pull) * in.weight[i];
}

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

// sigma(g + d) - sigma(g) = -sigma(g + d) sigma(-g) expm1(-d). Below -700 e^-d would overflow; nothing small
// is left to cancel there.
double sigmoid_difference(double g, double d) {
  if (d > -700) return -sigmoid(g + d) * sigmoid(-g) * std::expm1(-d);
  return g + d > 0 ? sigmoid(-g) - sigmoid(-(g + d)) : sigmoid(g + d) - sigmoid(g);
}

// Phi(x + d) - Phi(x) by the Taylor series about the midpoint m, whose even terms vanish:
// d phi(m) sum He_2k(m) (d / 2)^2k / (2k + 1)!, He being Hermite's polynomials. For |d| at most 1/4.
double small_cdf_difference(double x, double d) {
  const double m = x + d / 2;
  double before = 0;  // He_{n - 1}(m) (d / 2)^{n - 1} / (n - 1)!
  double term = 1;    // the same of n
  double sum = 1;
  for (int n = 1; n < 60; ++n) {
    const double next = (m * term - d / 2 * before) * (d / 2) / n;
    before = term;
    term = next;
    if (n % 2 == 0) sum += term / (n + 1);
  }
  return d * std::exp(-m * m / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2 * sum;
}

// Phi(x + d) - Phi(x). A large d's is taken from the tails, so that nothing is subtracted from 1.
double cdf_difference(double x, double d) {
  if (std::abs(d) <= 0.25) return small_cdf_difference(x, d);
  const double after = x + d;
  if (x > 0 && after > 0) return normal_cdf(-x) - normal_cdf(-after);
  return normal_cdf(after) - normal_cdf(x);
}

}  // namespace

void rms_norm_difference(const ConstMatrix& base, const ConstMatrix& weight, double eps, const ConstMatrix& d,
                         const Matrix& out) {
  const int64_t n = weight.columns;
  for (int64_t r = 0; r < d.rows; ++r)
    for (int64_t begin = 0; begin < d.columns; begin += n)
      rms_norm_row_difference({row(base, r % base.rows) + begin, row(d, r) + begin, row(weight, 0), n, eps},
                              row(out, r) + begin);
}

// Centring is linear, and what it leaves goes through the RMS norm.
void layer_norm_difference(const ConstMatrix& base, const ConstMatrix& weight, double eps,
                           const ConstMatrix& d, const Matrix& out) {
  const int64_t n = d.columns;
  for (int64_t r = 0; r < d.rows; ++r) {
    const std::vector<double> h = centred(row(base, r % base.rows), n);
    const std::vector<double> change = centred(row(d, r), n);
    rms_norm_row_difference({h.data(), change.data(), row(weight, 0), n, eps}, row(out, r));
  }
}

void attention_difference(const ReferenceAttentionTrace& base, const AttentionDifferences& d,
                          const Matrix& out) {
  const int64_t rows = d.layout.rows;
  const int64_t head_dim = base.shape.head_dim;
  parallel_for(d.layout.total(), [&](int64_t r) {
    const int64_t i = r % rows;
    for (int64_t head = 0; head < base.shape.num_heads; ++head) {
      const RowView view{base,           d, r / rows, i, head * head_dim, base.shape.kv_head(head) * head_dim,
                         head * rows + i};
      std::vector<double> dp = score_differences(view);
      probability_differences(view.probabilities(), dp);
      mix_differences(view, dp, {row(out, r) + head * head_dim, static_cast<size_t>(head_dim)});
    }
  });
}

// silu(g + dg) - silu(g) = dg sigma(g + dg) + g (sigma(g + dg) - sigma(g)), and
// sigma(g + dg) - sigma(g) = sigma(g + dg) sigma(-g) (1 - e^-dg).
void swiglu_difference(const ReferenceGateTrace& base, const ConstMatrix& d_gate_up, const Matrix& out) {
  const int64_t f = out.columns;
  parallel_for(out.rows, [&](int64_t r) {
    const double* gate = row(base.gate_up.matrix(), r % base.gate_up.matrix().rows);
    const double* up = gate + f;
    const double* d_gate = row(d_gate_up, r);
    const double* d_up = d_gate + f;
    for (int64_t c = 0; c < f; ++c) {
      const double after = sigmoid(gate[c] + d_gate[c]);
      const double d_sigma = sigmoid_difference(gate[c], d_gate[c]);
      const double d_silu = d_gate[c] * after + gate[c] * d_sigma;
      row(out, r)[c] = d_silu * (up[c] + d_up[c]) + gate[c] * sigmoid(gate[c]) * d_up[c];
    }
  });
}

// gelu(x + d) - gelu(x) = d Phi(x) + (x + d) (Phi(x + d) - Phi(x)).
void gelu_difference(const ConstMatrix& base, const ConstMatrix& d, const Matrix& out) {
  parallel_for(out.rows, [&](int64_t r) {
    const double* x = row(base, r % base.rows);
    const double* change = row(d, r);
    for (int64_t c = 0; c < out.columns; ++c)
      row(out, r)[c] = change[c] * normal_cdf(x[c]) + (x[c] + change[c]) * cdf_difference(x[c], change[c]);
  });
}

}  // namespace tugline::reference
