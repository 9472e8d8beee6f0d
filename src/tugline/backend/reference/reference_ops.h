// The reference backend's operations, one plain function each. Internal to reference/.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/backend/f64_row.h"

namespace tugline::reference {

using Row = double*;

inline Row row(const Matrix& m, int64_t r) { return reinterpret_cast<double*>(m.data) + r * m.stride; }

// A linear map that reads its weight from the source each time that it is used. It holds only the bias.
struct Weight final : Linear {
  explicit Weight(LinearSource from) : source(std::move(from)) {}
  LinearSource source;
};

struct ReferenceHead final : Head {
  std::unique_ptr<Weight> weight;
};

struct ReferenceReadout final : Readout {
  int64_t rows = 0;
  std::vector<F64Base> base;  // [rows]
  std::vector<int32_t> targets;
  AskedTokens asked;
};

enum class Bias { kAdd, kLeaveOut };
// Plain dot product, in eight sums, because one sum would wait for each addition to finish.
inline double dot(const double* x, const double* y, int64_t n) {
  std::array<double, 8> sums{};
  const int64_t whole = n / 8 * 8;
  for (int64_t i = 0; i < whole; i += 8)
    for (int64_t j = 0; j < 8; ++j) sums[static_cast<size_t>(j)] += x[i + j] * y[i + j];
  double sum = std::accumulate(sums.begin(), sums.end(), 0.0);
  for (int64_t i = whole; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

// Defined in reference_linear.cpp. Errors: those of reading the weight.
void linear(const Matrix& x, const Weight& weight, const Matrix& out, Accumulate accumulate,
            Bias bias = Bias::kAdd);
void rms_norm(const Matrix& x, const Matrix& weight, double eps, const Matrix& out);
void layer_norm(const Matrix& x, const Matrix& weight, const Matrix& bias, double eps, const Matrix& out);
void rope(const RopeTable& table, const RowLayout& layout, int64_t head_dim, const Matrix& x);
void attention(const AttentionInputs& inputs, const Matrix& out);
void swiglu(const Matrix& gate_up, const Matrix& out);
void gelu(const Matrix& x, const Matrix& out);

void rms_norm_difference(const Matrix& base, const Matrix& weight, double eps, const Matrix& d,
                         const Matrix& out);
void layer_norm_difference(const Matrix& base, const Matrix& weight, double eps, const Matrix& d,
                           const Matrix& out);
void attention_probabilities(const AttentionInputs& inputs, const Matrix& out);
// Refers to the keys and values in place, without packing them.
struct ReferenceKv final : PackedKv {
  explicit ReferenceKv(const AttentionInputs& base)
      : k(base.own_k), v(base.own_v), prefix_k(base.prefix_k), prefix_v(base.prefix_v) {}
  Matrix k;  // [rows, num_kv_heads * head_dim]
  Matrix v;
  Matrix prefix_k;  // [first_position, num_kv_heads * head_dim]
  Matrix prefix_v;
};
void attention_difference(const AttentionDifferences& inputs, const Matrix& out);
void gate_sigmoids(const Matrix& gate_up, const Matrix& out);
void swiglu_difference(const SwigluBase& base, const Matrix& d_gate_up, const Matrix& out);
void gelu_difference(const Matrix& base, const Matrix& d, const Matrix& out);

// x - mean(x).
std::vector<double> centred(const double* x, int64_t n);
// The normal distribution function.
double normal_cdf(double x);

std::unique_ptr<Readout> make_readout(const Weight& head, const Matrix& x, std::span<const int32_t> targets,
                                      const ReadoutSettings& settings);
void divergence(const Weight& head, const ReferenceReadout& base, const Matrix& dx,
                std::span<RowResponse> out);
void compare(const Weight& head, const Matrix& x, std::span<const int32_t> targets,
             const ReadoutSettings& settings, std::span<RowResponse> out);

}  // namespace tugline::reference
