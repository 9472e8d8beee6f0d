// Computes what a bf16 model computes, step by step as PyTorch's transformers stores it: weights, and the
// result of every operation, are rounded to bf16; inside an operation, sums are f32. It is there for
// comparison (docs/method.md, "Precision"). It emulates bf16 by rounding f32, so it runs on every CPU. Its
// operations on differences are not rounded, and no replay uses them.
#pragma once

#include "tugline/backend/cpu/bf16.h"
#include "tugline/backend/cpu/cpu_backend.h"

namespace tugline::cpu {

class PlainBf16Backend final : public CpuBackend {
 public:
  explicit PlainBf16Backend(KeepGoing keep_going)
      : CpuBackend(DifferenceProducts::kF32, std::move(keep_going)) {}
  Precision precision() const override { return Precision::kPlainBf16; }

  void upload(std::span<const double> values, const Matrix& to) override;
  std::unique_ptr<Linear> make_linear(const LinearSource& source) override;
  std::unique_ptr<Head> make_head(const LinearSource& source) override;

  void linear(const ConstMatrix& x, const Linear& weight, const Matrix& out, Accumulate accumulate) override;
  void add(const ConstMatrix& from, const Matrix& to) override;
  void add_to_first_rows(const ConstMatrix& vectors, const RowLayout& layout, const Matrix& x) override;
  void rms_norm(const ConstMatrix& x, const ConstMatrix& weight, double eps, const Matrix& out) override;
  void rms_norm_rounded_once(const ConstMatrix& x, const ConstMatrix& weight, double eps,
                             const Matrix& out) override;
  void layer_norm(const ConstMatrix& x, const ConstMatrix& weight, const ConstMatrix& bias, double eps,
                  const Matrix& out) override;
  void rope(const RopeTable& table, const RowLayout& layout, int64_t head_dim, const Matrix& x) override;
  void attention(const AttentionInputs& inputs, const Matrix& out) override;
  void swiglu(const ConstMatrix& gate_up, const Matrix& out) override;
  void gelu(const ConstMatrix& x, const Matrix& out) override;
  std::unique_ptr<PendingResponses> submit_comparison(const Head& head, const ConstMatrix& x,
                                                      std::span<const int32_t> targets,
                                                      const ReadoutSettings& settings) override;
  std::vector<double> logits(const Head& head, const ConstMatrix& x) override;

 private:
  // Working memory of [rows, columns], valid until the next call.
  FloatRoom product_;
  AttentionScratch attention_scratch_;
};

}  // namespace tugline::cpu
