// The backend for CPUs: matrix products by oneDNN, everything else by the Highway kernels, rows split over
// OpenMP's threads in fixed blocks, so that results do not depend on timing. All is f32, except products of
// differences, which may be bf16.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/backend/cpu/cpu_attention.h"
#include "tugline/backend/cpu/cpu_attention_difference.h"
#include "tugline/backend/cpu/cpu_buffer.h"
#include "tugline/backend/cpu/cpu_divergence.h"
#include "tugline/backend/cpu/cpu_linear.h"
#include "tugline/backend/cpu/difference_kernels.h"
#include "tugline/backend/cpu/gelu_kernels.h"
#include "tugline/backend/cpu/kernels.h"
#include "tugline/backend/cpu/row.h"
#include "tugline/backend/cpu/value_divergence.h"
#include "tugline/backend/finished_responses.h"
#include "tugline/backend/interruption.h"
#include "tugline/core/parallel_for.h"

namespace tugline::cpu {

// The gate and up projections of one span's rows, with the gate's sigmoids, which every push needs.
struct CpuGateTrace final : GateTrace {
  explicit CpuGateTrace(const ConstMatrix& from) : gate_up(from), sigmoids(from.rows, from.columns) {}
  CpuBuffer gate_up;   // [rows, 2 f]
  CpuBuffer sigmoids;  // [rows, 2 f]: sigma(gate), then sigma(-gate)
};

class CpuBackend : public Backend {
 public:
  CpuBackend(DifferenceProducts products, KeepGoing keep_going) : operands_(products) {
    onednn_.keep_going = std::move(keep_going);
  }

  std::string name() const override { return "cpu-" + std::string(name_of(precision())); }
  Precision precision() const override {
    return operands_.products() == DifferenceProducts::kF32 ? Precision::kF32 : Precision::kBf16;
  }

  std::unique_ptr<Buffer> allocate(int64_t rows, int64_t columns) override {
    return std::make_unique<CpuBuffer>(rows, columns);
  }

  void upload(std::span<const double> values, const Matrix& to) override {
    for (int64_t r = 0; r < to.rows; ++r)
      for (int64_t c = 0; c < to.columns; ++c)
        row(to, r)[c] = static_cast<float>(values[static_cast<size_t>(r * to.columns + c)]);
  }

  std::vector<double> download(const ConstMatrix& from) override {
    std::vector<double> values;
    values.reserve(static_cast<size_t>(from.rows * from.columns));
    for (int64_t r = 0; r < from.rows; ++r)
      values.insert(values.end(), row(from, r), row(from, r) + from.columns);
    return values;
  }

  std::unique_ptr<Linear> make_linear(const LinearSource& source) override {
    return std::make_unique<CpuLinear>(onednn_, interruptible(source, onednn_.keep_going),
                                       operands_.products());
  }
  std::unique_ptr<Head> make_head(const LinearSource& source) override {
    return std::make_unique<CpuHead>(onednn_, interruptible(source, onednn_.keep_going),
                                     operands_.products());
  }

  void linear(const ConstMatrix& x, const Linear& weight, const Matrix& out, Accumulate accumulate) override {
    dynamic_cast<const CpuLinear&>(weight).run(x, out, accumulate);
  }

  void copy(const ConstMatrix& from, const Matrix& to) override { repeat(from, to); }

  void repeat(const ConstMatrix& from, const Matrix& to) override {
    parallel_for(to.rows, [&](int64_t r) { copy_row(row(from, r % from.rows), row(to, r), to.columns); });
  }

  void add(const ConstMatrix& from, const Matrix& to) override {
    parallel_for(to.rows, [&](int64_t r) { add_rows(row(from, r), row(to, r), to.columns, row(to, r)); });
  }

  void add_to_first_rows(const ConstMatrix& vectors, const RowLayout& layout, const Matrix& x) override {
    const int64_t each = vectors.rows / layout.pushes;
    for (int64_t v = 0; v < vectors.rows; ++v) {
      const float* from = row(vectors, v);
      float* to = row(x, v / each * layout.rows + v % each);
      for (int64_t c = 0; c < x.columns; ++c) to[c] += from[c];
    }
  }

  void select_rows(const ConstMatrix& from, const RowLayout& layout, int64_t begin,
                   const Matrix& to) override {
    const int64_t count = to.rows / layout.pushes;
    parallel_for(to.rows, [&](int64_t r) {
      copy_row(row(from, r / count * layout.rows + begin + r % count), row(to, r), to.columns);
    });
  }

  void rms_norm(const ConstMatrix& x, const ConstMatrix& weight, double eps, const Matrix& out) override {
    const int64_t n = weight.columns;
    parallel_for(x.rows, [&](int64_t r) {
      for (int64_t begin = 0; begin < x.columns; begin += n)
        cpu::rms_norm_row(row(x, r) + begin, row(weight, 0), n, static_cast<float>(eps), row(out, r) + begin);
    });
  }

  void layer_norm(const ConstMatrix& x, const ConstMatrix& weight, const ConstMatrix& bias, double eps,
                  const Matrix& out) override {
    parallel_for(x.rows, [&](int64_t r) {
      cpu::centre_row(row(x, r), x.columns, row(out, r));
      cpu::rms_norm_row(row(out, r), row(weight, 0), x.columns, static_cast<float>(eps), row(out, r));
      cpu::add_rows(row(out, r), row(bias, 0), x.columns, row(out, r));
    });
  }

  void rope(const RopeTable& table, const RowLayout& layout, int64_t head_dim, const Matrix& x) override {
    const int64_t half = table.cosine->matrix().columns;
    parallel_for(x.rows, [&](int64_t r) {
      const int64_t position = layout.first_position + r % layout.rows;
      const float* cosine = row(table.cosine->matrix(), position);
      const float* sine = row(table.sine->matrix(), position);
      for (int64_t head = 0; head < x.columns; head += head_dim)
        cpu::rope_head(row(x, r) + head, cosine, sine, half);
    });
  }

  void attention(const AttentionInputs& inputs, const Matrix& out) override {
    cpu::attention(inputs, out, attention_scratch_);
  }

  void swiglu(const ConstMatrix& gate_up, const Matrix& out) override {
    parallel_for(out.rows, [&](int64_t r) {
      cpu::swiglu_row(row(gate_up, r), row(gate_up, r) + out.columns, out.columns, row(out, r));
    });
  }

  void gelu(const ConstMatrix& x, const Matrix& out) override {
    parallel_for(out.rows, [&](int64_t r) { cpu::gelu_row(row(x, r), out.columns, row(out, r)); });
  }

  void prepare_difference(const Linear& weight) override {
    dynamic_cast<const CpuLinear&>(weight).prepare_difference();
  }
  void linear_difference(const ConstMatrix& dx, const Linear& weight, const Matrix& out,
                         Accumulate accumulate) override {
    dynamic_cast<const CpuLinear&>(weight).run_difference(operands_.of(dx), out, accumulate);
  }

  void rms_norm_difference(const ConstMatrix& base, const ConstMatrix& weight, double eps,
                           const ConstMatrix& d, const Matrix& out) override {
    const int64_t n = weight.columns;
    parallel_for(d.rows, [&](int64_t r) {
      for (int64_t begin = 0; begin < d.columns; begin += n)
        cpu::rms_norm_difference_row(row(base, r % base.rows) + begin, row(d, r) + begin, row(weight, 0), n,
                                     static_cast<float>(eps), row(out, r) + begin);
    });
  }

  // Centring is linear, and what it leaves goes through the RMS norm.
  void layer_norm_difference(const ConstMatrix& base, const ConstMatrix& weight, double eps,
                             const ConstMatrix& d, const Matrix& out) override {
    const int64_t n = d.columns;
    const auto norm = [&](std::vector<float>& h, int64_t r) {
      cpu::centre_row(row(base, r % base.rows), n, h.data());
      cpu::centre_row(row(d, r), n, row(out, r));
      cpu::rms_norm_difference_row(h.data(), row(out, r), row(weight, 0), n, static_cast<float>(eps),
                                   row(out, r));
    };
    parallel_for_with(
        d.rows, [&] { return std::vector<float>(static_cast<size_t>(n)); }, norm);
  }

  std::unique_ptr<AttentionTrace> trace_attention(const AttentionInputs& base) override {
    return std::make_unique<CpuAttentionTrace>(onednn_, base, operands_.products());
  }
  void attention_difference(const AttentionTrace& base, const AttentionDifferences& d,
                            const Matrix& out) override {
    cpu::attention_difference(dynamic_cast<const CpuAttentionTrace&>(base), d, out, difference_scratch_);
  }

  std::unique_ptr<GateTrace> trace_gate(const ConstMatrix& gate_up) override {
    auto trace = std::make_unique<CpuGateTrace>(gate_up);
    const int64_t f = gate_up.columns / 2;
    parallel_for(gate_up.rows, [&](int64_t r) {
      const float* gate = row(gate_up, r);
      float* sigma = row(trace->sigmoids.matrix(), r);
      for (int64_t c = 0; c < f; ++c) {
        const double e = std::exp(-static_cast<double>(gate[c]));
        sigma[c] = static_cast<float>(1.0 / (1.0 + e));
        sigma[f + c] = static_cast<float>(1.0 / (1.0 + 1.0 / e));
      }
    });
    return trace;
  }

  // Iterates over the base's rows in the outer loop, so that the four arrays of one row stay in cache for all
  // pushes.
  void swiglu_difference(const GateTrace& base, const ConstMatrix& d_gate_up, const Matrix& out) override {
    const auto& trace = dynamic_cast<const CpuGateTrace&>(base);
    const int64_t f = out.columns;
    const int64_t rows = trace.gate_up.matrix().rows;
    const int64_t pushes = out.rows / rows;
    parallel_for(out.rows, [&](int64_t task) {
      const int64_t i = task / pushes;
      const int64_t r = task % pushes * rows + i;
      const float* gate = row(trace.gate_up.matrix(), i);
      const float* sigma = row(trace.sigmoids.matrix(), i);
      cpu::swiglu_difference_row({gate, gate + f, sigma, sigma + f}, row(d_gate_up, r), row(d_gate_up, r) + f,
                                 f, row(out, r));
    });
  }

  void gelu_difference(const ConstMatrix& base, const ConstMatrix& d, const Matrix& out) override {
    parallel_for(out.rows, [&](int64_t r) {
      cpu::gelu_difference_row(row(base, r % base.rows), row(d, r), out.columns, row(out, r));
    });
  }

  void clear(const Matrix& x) override {
    for (int64_t r = 0; r < x.rows; ++r) std::fill_n(row(x, r), x.columns, 0.0f);
  }

  std::unique_ptr<Readout> make_readout(const Head& head, const ConstMatrix& x,
                                        std::span<const int32_t> targets,
                                        const ReadoutSettings& settings) override {
    return cpu::make_readout(dynamic_cast<const cpu::CpuHead&>(head), x, targets, settings);
  }
  std::unique_ptr<PendingResponses> submit_divergence(const Head& head, const Readout& base,
                                                      const ConstMatrix& dx) override {
    return finished_responses(dx.rows, [&](std::span<RowResponse> out) {
      cpu::divergence(dynamic_cast<const cpu::CpuHead&>(head), dynamic_cast<const cpu::CpuReadout&>(base), dx,
                      operands_, out);
    });
  }
  std::unique_ptr<PendingResponses> submit_comparison(const Head& head, const ConstMatrix& x,
                                                      std::span<const int32_t> targets,
                                                      const ReadoutSettings& settings) override {
    return compare(head, x, targets, {Stores::kF32, settings.temperature, settings.asked});
  }
  std::vector<double> logits(const Head& head, const ConstMatrix& x) override {
    const std::vector<float> values = cpu::logits(dynamic_cast<const cpu::CpuHead&>(head), x);
    return {values.begin(), values.end()};
  }

 protected:
  static std::unique_ptr<PendingResponses> compare(const Head& head, const ConstMatrix& x,
                                                   std::span<const int32_t> targets,
                                                   const LogitSettings& settings) {
    return finished_responses(x.rows - std::ssize(targets), [&](std::span<RowResponse> out) {
      value_divergence(dynamic_cast<const CpuHead&>(head), x, targets, settings, out);
    });
  }

 private:
  OneDnn onednn_;
  DifferenceOperands operands_;
  AttentionScratch attention_scratch_;
  std::vector<AttentionDifferenceScratch> difference_scratch_;
};

}  // namespace tugline::cpu
