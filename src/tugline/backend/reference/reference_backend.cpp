// The reference: every operation as plain loops in f64, written to be checked by eye. The exception is the
// matrix product (reference_linear.cpp), which a test compares with a plain loop. Weights are not held, but
// read from their source each time.
#include "tugline/backend/finished_responses.h"
#include "tugline/backend/interruption.h"
#include "tugline/backend/reference/reference_ops.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

using reference::Row;
using reference::row;

class ReferenceBackend final : public Backend {
 public:
  explicit ReferenceBackend(KeepGoing keep_going) : keep_going_(std::move(keep_going)) {}

  std::string name() const override { return "reference-f64"; }
  Precision precision() const override { return Precision::kF64; }

  std::unique_ptr<Buffer> allocate(int64_t rows, int64_t columns) override {
    return std::make_unique<reference::ReferenceBuffer>(rows, columns);
  }

  void upload(std::span<const double> values, const Matrix& to) override {
    for (int64_t r = 0; r < to.rows; ++r)
      for (int64_t c = 0; c < to.columns; ++c)
        row(to, r)[c] = values[static_cast<size_t>(r * to.columns + c)];
  }

  std::vector<double> download(const ConstMatrix& from) override {
    std::vector<double> values;
    values.reserve(static_cast<size_t>(from.rows * from.columns));
    for (int64_t r = 0; r < from.rows; ++r)
      values.insert(values.end(), row(from, r), row(from, r) + from.columns);
    return values;
  }

  std::unique_ptr<Linear> make_linear(const LinearSource& source) override {
    return std::make_unique<reference::Weight>(interruptible(source, keep_going_));
  }
  std::unique_ptr<Head> make_head(const LinearSource& source) override {
    auto head = std::make_unique<reference::ReferenceHead>();
    head->weight = std::make_unique<reference::Weight>(interruptible(source, keep_going_));
    return head;
  }

  void linear(const ConstMatrix& x, const Linear& weight, const Matrix& out, Accumulate accumulate) override {
    reference::linear(x, dynamic_cast<const reference::Weight&>(weight), out, accumulate);
  }

  void copy(const ConstMatrix& from, const Matrix& to) override {
    for (int64_t r = 0; r < to.rows; ++r) std::copy_n(row(from, r), to.columns, row(to, r));
  }

  void repeat(const ConstMatrix& from, const Matrix& to) override {
    for (int64_t r = 0; r < to.rows; ++r) std::copy_n(row(from, r % from.rows), to.columns, row(to, r));
  }

  void add(const ConstMatrix& from, const Matrix& to) override {
    for (int64_t r = 0; r < to.rows; ++r)
      for (int64_t c = 0; c < to.columns; ++c) row(to, r)[c] += row(from, r)[c];
  }

  void add_to_first_rows(const ConstMatrix& vectors, const RowLayout& layout, const Matrix& x) override {
    const int64_t each = vectors.rows / layout.pushes;
    for (int64_t v = 0; v < vectors.rows; ++v)
      for (int64_t c = 0; c < x.columns; ++c)
        row(x, v / each * layout.rows + v % each)[c] += row(vectors, v)[c];
  }

  void select_rows(const ConstMatrix& from, const RowLayout& layout, int64_t begin,
                   const Matrix& to) override {
    const int64_t count = to.rows / layout.pushes;
    for (int64_t b = 0; b < layout.pushes; ++b)
      for (int64_t i = 0; i < count; ++i)
        std::copy_n(row(from, b * layout.rows + begin + i), to.columns, row(to, b * count + i));
  }

  void rms_norm(const ConstMatrix& x, const ConstMatrix& weight, double eps, const Matrix& out) override {
    reference::rms_norm(x, weight, eps, out);
  }
  void layer_norm(const ConstMatrix& x, const ConstMatrix& weight, const ConstMatrix& bias, double eps,
                  const Matrix& out) override {
    reference::layer_norm(x, weight, bias, eps, out);
  }
  void rope(const RopeTable& table, const RowLayout& layout, int64_t head_dim, const Matrix& x) override {
    reference::rope(table, layout, head_dim, x);
  }
  void attention(const AttentionInputs& inputs, const Matrix& out) override {
    reference::attention(inputs, out);
  }
  void swiglu(const ConstMatrix& gate_up, const Matrix& out) override { reference::swiglu(gate_up, out); }
  void gelu(const ConstMatrix& x, const Matrix& out) override { reference::gelu(x, out); }

  void linear_difference(const ConstMatrix& dx, const Linear& weight, const Matrix& out,
                         Accumulate accumulate) override {
    reference::linear(dx, dynamic_cast<const reference::Weight&>(weight), out, accumulate,
                      reference::Bias::kLeaveOut);
  }
  void rms_norm_difference(const ConstMatrix& base, const ConstMatrix& weight, double eps,
                           const ConstMatrix& d, const Matrix& out) override {
    reference::rms_norm_difference(base, weight, eps, d, out);
  }
  void layer_norm_difference(const ConstMatrix& base, const ConstMatrix& weight, double eps,
                             const ConstMatrix& d, const Matrix& out) override {
    reference::layer_norm_difference(base, weight, eps, d, out);
  }
  std::unique_ptr<AttentionTrace> trace_attention(const AttentionInputs& base) override {
    return std::make_unique<reference::ReferenceAttentionTrace>(base);
  }
  void attention_difference(const AttentionTrace& base, const AttentionDifferences& d,
                            const Matrix& out) override {
    reference::attention_difference(dynamic_cast<const reference::ReferenceAttentionTrace&>(base), d, out);
  }
  std::unique_ptr<GateTrace> trace_gate(const ConstMatrix& gate_up) override {
    return std::make_unique<reference::ReferenceGateTrace>(gate_up);
  }
  void swiglu_difference(const GateTrace& base, const ConstMatrix& d_gate_up, const Matrix& out) override {
    reference::swiglu_difference(dynamic_cast<const reference::ReferenceGateTrace&>(base), d_gate_up, out);
  }
  void gelu_difference(const ConstMatrix& base, const ConstMatrix& d, const Matrix& out) override {
    reference::gelu_difference(base, d, out);
  }
  void clear(const Matrix& x) override {
    for (int64_t r = 0; r < x.rows; ++r) std::fill_n(row(x, r), x.columns, 0.0);
  }

  std::unique_ptr<Readout> make_readout(const Head& head, const ConstMatrix& x,
                                        std::span<const int32_t> targets,
                                        const ReadoutSettings& settings) override {
    if (settings.sampling)
      fail_setting(ErrorCode::kUnsupported, "vocabulary",
                   "the backend {} has no 'sampled'; it computes the whole vocabulary (exact)", name());
    return reference::make_readout(weight_of(head), x, targets, settings);
  }
  std::unique_ptr<PendingResponses> submit_divergence(const Head& head, const Readout& base,
                                                      const ConstMatrix& dx) override {
    return finished_responses(dx.rows, [&](std::span<RowResponse> out) {
      reference::divergence(weight_of(head), dynamic_cast<const reference::ReferenceReadout&>(base), dx, out);
    });
  }
  std::unique_ptr<PendingResponses> submit_comparison(const Head& head, const ConstMatrix& x,
                                                      std::span<const int32_t> targets,
                                                      const ReadoutSettings& settings) override {
    return finished_responses(x.rows - std::ssize(targets), [&](std::span<RowResponse> out) {
      reference::compare(weight_of(head), x, targets, settings, out);
    });
  }
  std::vector<double> logits(const Head& head, const ConstMatrix& x) override {
    const auto out = allocate(x.rows, weight_of(head).source.out);
    reference::linear(x, weight_of(head), out->matrix(), Accumulate::kNo);
    return download(out->matrix());
  }

 private:
  static const reference::Weight& weight_of(const Head& head) {
    return *dynamic_cast<const reference::ReferenceHead&>(head).weight;
  }

  KeepGoing keep_going_;
};

}  // namespace

std::unique_ptr<Backend> make_reference_backend(KeepGoing keep_going) {
  return std::make_unique<ReferenceBackend>(std::move(keep_going));
}

}  // namespace tugline
