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
#include "tugline/backend/host_view.h"

namespace tugline::reference {

using Row = double*;

inline Row row(const Matrix& m, int64_t r) { return reinterpret_cast<double*>(m.data) + r * m.stride; }
inline const double* row(const ConstMatrix& m, int64_t r) {
  return reinterpret_cast<const double*>(m.data) + r * m.stride;
}

class ReferenceBuffer final : public Buffer {
 public:
  ReferenceBuffer(int64_t rows, int64_t columns)
      : ReferenceBuffer(rows, columns, std::vector<double>(static_cast<size_t>(rows * columns))) {}
  // A copy.
  explicit ReferenceBuffer(const ConstMatrix& from) : ReferenceBuffer(from.rows, from.columns) {
    for (int64_t r = 0; r < from.rows; ++r) std::copy_n(row(from, r), from.columns, row(matrix(), r));
  }

 private:
  ReferenceBuffer(int64_t rows, int64_t columns, std::vector<double> values)
      : Buffer(view_of(values.data(), rows, columns)), values_(std::move(values)) {}
  std::vector<double> values_;
};

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
void linear(const ConstMatrix& x, const Weight& weight, const Matrix& out, Accumulate accumulate,
            Bias bias = Bias::kAdd);
void rms_norm(const ConstMatrix& x, const ConstMatrix& weight, double eps, const Matrix& out);
void layer_norm(const ConstMatrix& x, const ConstMatrix& weight, const ConstMatrix& bias, double eps,
                const Matrix& out);
void rope(const RopeTable& table, const RowLayout& layout, int64_t head_dim, const Matrix& x);
void attention(const AttentionInputs& inputs, const Matrix& out);
void swiglu(const ConstMatrix& gate_up, const Matrix& out);
void gelu(const ConstMatrix& x, const Matrix& out);

void rms_norm_difference(const ConstMatrix& base, const ConstMatrix& weight, double eps, const ConstMatrix& d,
                         const Matrix& out);
void layer_norm_difference(const ConstMatrix& base, const ConstMatrix& weight, double eps,
                           const ConstMatrix& d, const Matrix& out);
struct ReferenceAttentionTrace final : AttentionTrace {
  explicit ReferenceAttentionTrace(const AttentionInputs& base);
  HeadShape shape;
  ReferenceBuffer q;  // [rows, num_heads * head_dim]
  ReferenceBuffer k;  // [rows, num_kv_heads * head_dim]
  ReferenceBuffer v;
  ConstMatrix prefix_k;  // [first_position, num_kv_heads * head_dim]
  ConstMatrix prefix_v;
  ReferenceBuffer probabilities;  // [num_heads * rows, first_position + rows]: 0 where a row does not see
};
void attention_difference(const ReferenceAttentionTrace& base, const AttentionDifferences& d,
                          const Matrix& out);
struct ReferenceGateTrace final : GateTrace {
  explicit ReferenceGateTrace(const ConstMatrix& from) : gate_up(from) {}
  ReferenceBuffer gate_up;  // [rows, 2 f]
};
void swiglu_difference(const ReferenceGateTrace& base, const ConstMatrix& d_gate_up, const Matrix& out);
void gelu_difference(const ConstMatrix& base, const ConstMatrix& d, const Matrix& out);

// x - mean(x).
std::vector<double> centred(const double* x, int64_t n);
// The normal distribution function.
double normal_cdf(double x);

std::unique_ptr<Readout> make_readout(const Weight& head, const ConstMatrix& x,
                                      std::span<const int32_t> targets, const ReadoutSettings& settings);
void divergence(const Weight& head, const ReferenceReadout& base, const ConstMatrix& dx,
                std::span<RowResponse> out);
void compare(const Weight& head, const ConstMatrix& x, std::span<const int32_t> targets,
             const ReadoutSettings& settings, std::span<RowResponse> out);

}  // namespace tugline::reference
