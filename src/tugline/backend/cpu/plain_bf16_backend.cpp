#include "tugline/backend/cpu/plain_bf16_backend.h"

#include "tugline/core/parallel_for.h"

namespace tugline::cpu {
namespace {

void round_row(float* x, int64_t n) { round_to_bf16_row(x, n, x); }

void round_rows(const Matrix& x) {
  parallel_for(x.rows, [&](int64_t r) { round_row(row(x, r), x.columns); });
}

// x = round(x * y).  [n]
void multiply_row(float* x, const float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] *= y[i];
  round_row(x, n);
}

// x = round(round(x) + y).  [n]
void round_and_add_row(float* x, const float* y, int64_t n) {
  round_row(x, n);
  for (int64_t i = 0; i < n; ++i) x[i] += y[i];
  round_row(x, n);
}

// One head: x cos + rotate_half(x) sin, its two products and their sum rounded.  x [2 half], cosine and sine
// [half], work [2 half]
void rope_head_rounded(float* x, const float* cosine, const float* sine, int64_t half, float* work) {
  for (int64_t i = 0; i < half; ++i) {
    work[i] = -x[half + i] * sine[i];
    work[half + i] = x[i] * sine[i];
  }
  round_row(work, 2 * half);
  multiply_row(x, cosine, half);
  multiply_row(x + half, cosine, half);
  for (int64_t i = 0; i < 2 * half; ++i) x[i] += work[i];
  round_row(x, 2 * half);
}

}  // namespace

void PlainBf16Backend::upload(std::span<const double> values, const Matrix& to) {
  CpuBackend::upload(values, to);
  round_rows(to);
}

std::unique_ptr<Linear> PlainBf16Backend::make_linear(const LinearSource& source) {
  return CpuBackend::make_linear(rounded_to_bf16(source));
}

std::unique_ptr<Head> PlainBf16Backend::make_head(const LinearSource& source) {
  return CpuBackend::make_head(rounded_to_bf16(source));
}

// A product that is added to the residual is a result of its own there, and so is the sum.
void PlainBf16Backend::linear(const ConstMatrix& x, const Linear& weight, const Matrix& out,
                              Accumulate accumulate) {
  if (accumulate == Accumulate::kNo) {
    CpuBackend::linear(x, weight, out, Accumulate::kNo);
    return round_rows(out);
  }
  const Matrix product = product_.matrix(out.rows, out.columns);
  CpuBackend::linear(x, weight, product, Accumulate::kNo);
  parallel_for(out.rows, [&](int64_t r) {
    round_and_add_row(row(product, r), row(out, r), out.columns);
    copy_row(row(product, r), row(out, r), out.columns);
  });
}

void PlainBf16Backend::add(const ConstMatrix& from, const Matrix& to) {
  CpuBackend::add(from, to);
  round_rows(to);
}

void PlainBf16Backend::add_to_first_rows(const ConstMatrix& vectors, const RowLayout& layout,
                                         const Matrix& x) {
  CpuBackend::add_to_first_rows(vectors, layout, x);
  round_rows(x);
}

// The norm in f32 and rounded, then its product with the weight.
void PlainBf16Backend::rms_norm(const ConstMatrix& x, const ConstMatrix& weight, double eps,
                                const Matrix& out) {
  const int64_t n = weight.columns;
  const std::vector<float> ones(static_cast<size_t>(n), 1.0f);
  parallel_for(x.rows, [&](int64_t r) {
    for (int64_t begin = 0; begin < x.columns; begin += n) {
      rms_norm_row(row(x, r) + begin, ones.data(), n, static_cast<float>(eps), row(out, r) + begin);
      round_row(row(out, r) + begin, n);
      multiply_row(row(out, r) + begin, row(weight, 0), n);
    }
  });
}

void PlainBf16Backend::rms_norm_rounded_once(const ConstMatrix& x, const ConstMatrix& weight, double eps,
                                             const Matrix& out) {
  CpuBackend::rms_norm(x, weight, eps, out);
  round_rows(out);
}

// PyTorch computes it in f32, and rounds once.
void PlainBf16Backend::layer_norm(const ConstMatrix& x, const ConstMatrix& weight, const ConstMatrix& bias,
                                  double eps, const Matrix& out) {
  CpuBackend::layer_norm(x, weight, bias, eps, out);
  round_rows(out);
}

void PlainBf16Backend::rope(const RopeTable& table, const RowLayout& layout, int64_t head_dim,
                            const Matrix& x) {
  const auto rotate = [&](std::vector<float>& work, int64_t r) {
    const int64_t position = layout.first_position + r % layout.rows;
    for (int64_t head = 0; head < x.columns; head += head_dim)
      rope_head_rounded(row(x, r) + head, row(table.cosine->matrix(), position),
                        row(table.sine->matrix(), position), table.cosine->matrix().columns, work.data());
  };
  parallel_for_with(
      x.rows, [&] { return std::vector<float>(static_cast<size_t>(head_dim)); }, rotate);
}

void PlainBf16Backend::attention(const AttentionInputs& inputs, const Matrix& out) {
  cpu::attention(inputs, out, attention_scratch_, Stores::kRoundedToBf16);
}

// silu(gate) is a result of its own.
void PlainBf16Backend::swiglu(const ConstMatrix& gate_up, const Matrix& out) {
  const std::vector<float> ones(static_cast<size_t>(out.columns), 1.0f);
  parallel_for(out.rows, [&](int64_t r) {
    swiglu_row(row(gate_up, r), ones.data(), out.columns, row(out, r));
    round_row(row(out, r), out.columns);
    multiply_row(row(out, r), row(gate_up, r) + out.columns, out.columns);
  });
}

void PlainBf16Backend::gelu(const ConstMatrix& x, const Matrix& out) {
  CpuBackend::gelu(x, out);
  round_rows(out);
}

std::unique_ptr<PendingResponses> PlainBf16Backend::submit_comparison(const Head& head, const ConstMatrix& x,
                                                                      std::span<const int32_t> targets,
                                                                      const ReadoutSettings& settings) {
  return compare(head, x, targets, {Stores::kRoundedToBf16, settings.temperature, settings.asked});
}

std::vector<double> PlainBf16Backend::logits(const Head& head, const ConstMatrix& x) {
  std::vector<float> values = cpu::logits(dynamic_cast<const CpuHead&>(head), x);
  round_row(values.data(), static_cast<int64_t>(values.size()));
  return {values.begin(), values.end()};
}

}  // namespace tugline::cpu
