// The interface between the model's code and the arithmetic: buffers, and the operations from which a layer
// is made. model/ and probe/ use only this interface. backend/reference implements it with plain loops in
// f64, for tests and audits; backend/cpu in f32 with oneDNN and Highway. Only files under backend/ include a
// compute library.
//
// Matrices are row-major views. Rows of a batch are push-major: with `pushes` x `rows`, row b * rows + i is
// position first_position + i of push b. Only one thread may use a Backend; it runs parallel loops inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "tugline/core/measures.h"
#include "tugline/core/philox.h"
#include "tugline/core/precision.h"

namespace tugline {

// The type of a matrix's elements: kF32 or kF64 in a backend's buffers, and kBf16 in what it rounds for its
// products.
enum class Element : uint8_t { kF32, kF64, kBf16 };
[[nodiscard]] constexpr int64_t bytes_of(Element element) {
  return element == Element::kF64 ? 8 : element == Element::kF32 ? 4 : 2;
}

// A view of rows x columns elements in the backend's own memory. Not owning. `Byte` is std::byte, or const
// std::byte if the view only reads.
template <typename Byte>
struct MatrixView {
  Byte* data = nullptr;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t stride = 0;  // elements from one row to the next
  Element element = Element::kF32;

  [[nodiscard]] bool is_dense() const { return stride == columns || rows <= 1; }
  // The address of an element; null if the matrix has no memory, as a prefix of no rows.
  [[nodiscard]] Byte* at(int64_t row, int64_t column) const {
    return data == nullptr ? nullptr : data + (row * stride + column) * bytes_of(element);
  }
  [[nodiscard]] MatrixView row_range(int64_t begin, int64_t count) const {
    return {at(begin, 0), count, columns, stride, element};
  }
  [[nodiscard]] MatrixView column_range(int64_t begin, int64_t count) const {
    return {at(0, begin), rows, count, stride, element};
  }
  operator MatrixView<const Byte>() const requires(!std::is_const_v<Byte>) {
    return {data, rows, columns, stride, element};
  }
};
using Matrix = MatrixView<std::byte>;
using ConstMatrix = MatrixView<const std::byte>;

// Owns a matrix's memory.
class Buffer {
 public:
  virtual ~Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  [[nodiscard]] const Matrix& matrix() { return matrix_; }
  [[nodiscard]] ConstMatrix matrix() const { return matrix_; }
  [[nodiscard]] Matrix rows(int64_t begin, int64_t count) { return matrix_.row_range(begin, count); }
  [[nodiscard]] ConstMatrix rows(int64_t begin, int64_t count) const {
    return matrix().row_range(begin, count);
  }

 protected:
  explicit Buffer(Matrix matrix) : matrix_(matrix) {}

 private:
  Matrix matrix_;
};

// The source of a linear map's weight [out, in]: gives rows in f32.
struct LinearSource {
  int64_t out = 0;
  int64_t in = 0;
  // Writes rows [begin, begin + out.size() / in). Thread-safe. The data that it reads must outlive every
  // object made from this source, because the reference backend reads again for each product.
  std::function<void(int64_t begin, std::span<float> out)> fill_rows;
  std::vector<float> bias;  // [out], or empty
};

// A linear map y = W x + b, packed for the backend.
class Linear {
 public:
  virtual ~Linear() = default;
};

// The LM head W_U [vocabulary, hidden], packed in vocabulary tiles.
class Head {
 public:
  virtual ~Head() = default;
};

// The base distributions q of one readout's rows, against which pushes are compared.
class Readout {
 public:
  virtual ~Readout() = default;
};

struct RowLayout {
  int64_t pushes = 1;
  int64_t rows = 0;            // of each push
  int64_t first_position = 0;  // position of row 0; positions before it are the shared prefix
  [[nodiscard]] int64_t total() const { return pushes * rows; }
};

struct HeadShape {
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;
  int64_t head_dim = 0;
  double scale = 0;    // of the scores: 1 / sqrt(head_dim) in most families
  int64_t window = 0;  // the number of positions that one attends to, itself included; 0: all before it

  // The first position that a position attends to.
  [[nodiscard]] int64_t first_seen(int64_t position) const {
    return window > 0 && position >= window ? position - window + 1 : 0;
  }

  // The key-value head that a head attends to.
  [[nodiscard]] int64_t kv_head(int64_t head) const { return head / (num_heads / num_kv_heads); }
};

struct AttentionInputs {
  RowLayout layout;
  HeadShape shape;
  ConstMatrix q;         // [pushes * rows, num_heads * head_dim], rotated
  ConstMatrix own_k;     // [pushes * rows, num_kv_heads * head_dim], rotated
  ConstMatrix own_v;     // as own_k
  ConstMatrix prefix_k;  // [first_position, num_kv_heads * head_dim]: the baseline's
  ConstMatrix prefix_v;
};

// What attention's differences need of a base: one span's rows at one layer, without a push.
class AttentionTrace {
 public:
  virtual ~AttentionTrace() = default;
};

struct AttentionDifferences {
  RowLayout layout;
  ConstMatrix dq;  // [pushes * rows, num_heads * head_dim], rotated
  ConstMatrix dk;  // [pushes * rows, num_kv_heads * head_dim], rotated
  ConstMatrix dv;
};

// What the differences of a gated activation need of a base.
class GateTrace {
 public:
  virtual ~GateTrace() = default;
};

// cos and sin of position * inverse frequency, [positions, half] each. The first 2 half columns of a head are
// rotated: all of them if half is head_dim / 2.
struct RopeTable {
  std::unique_ptr<Buffer> cosine;
  std::unique_ptr<Buffer> sine;
};

// Replaces the whole vocabulary by each row's likeliest tokens (the head) and a sample of the others
// (docs/method.md, "Sampled vocabulary").
struct TailSampling {
  double head_remainder = 0;  // the base mass that each row's head may leave out
  int64_t most_head = 0;  // tokens of all rows' heads together: where they are more, the remainder is doubled
                          // until they are not
  int64_t tail_tokens = 0;  // drawn from the others; a multiple of kTailReplicates
  PhiloxStream stream;      // of the sample's random numbers
};

// Two tokens whose logits are compared: how the first's minus the second's changes.
struct AnswerPair {
  int32_t first = 0;
  int32_t second = 0;
};

// What is asked about tokens, beside what is always measured.
struct AskedTokens {
  std::optional<AnswerPair> answers = {};
  int64_t moved = 0;  // RowResponse::rose and fell have so many
};

// How base distributions are computed, and compared with pushed ones.
struct ReadoutSettings {
  double temperature = 1;                     // logits are divided by it, in both distributions
  std::optional<TailSampling> sampling = {};  // no value: divergences are over the whole vocabulary
  AskedTokens asked = {};
};

// The target of a row that has no next token; its delta_logprob is NaN.
inline constexpr int32_t kNoTarget = -1;

enum class Accumulate { kNo, kYes };

// Responses that a backend was asked for. A backend on a device may still be computing them.
class PendingResponses {
 public:
  virtual ~PendingResponses() = default;
  // Waits for the responses and hands them over, once.
  [[nodiscard]] virtual std::vector<RowResponse> collect() = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  [[nodiscard]] virtual std::string name() const = 0;  // "cpu-f32", "cpu-plain-bf16", "reference-f64"
  // The precision of its results, which may differ from the requested one (make_cpu_backend).
  [[nodiscard]] virtual Precision precision() const = 0;

  // Buffers, zero-filled.
  [[nodiscard]] virtual std::unique_ptr<Buffer> allocate(int64_t rows, int64_t columns) = 0;
  // Copies `values` before it returns.
  virtual void upload(std::span<const double> values, const Matrix& to) = 0;
  [[nodiscard]] virtual std::vector<double> download(const ConstMatrix& from) = 0;

  // Packed weights.
  [[nodiscard]] virtual std::unique_ptr<Linear> make_linear(const LinearSource& source) = 0;
  [[nodiscard]] virtual std::unique_ptr<Head> make_head(const LinearSource& source) = 0;

  // out = x W^T + b, or out += x W^T + b.  x [n, in], out [n, out], both dense, because fast products may
  // accept nothing else.
  virtual void linear(const ConstMatrix& x, const Linear& weight, const Matrix& out,
                      Accumulate accumulate) = 0;

  // to = from, same shape.
  virtual void copy(const ConstMatrix& from, const Matrix& to) = 0;
  // to[b * rows + i] = from[i]: every push starts from the baseline's rows.  from [rows, d], to [pushes *
  // rows, d]
  virtual void repeat(const ConstMatrix& from, const Matrix& to) = 0;
  // to += from, same shape; both on values and on differences.
  virtual void add(const ConstMatrix& from, const Matrix& to) = 0;
  // x[b * rows + i] += vectors[b * n + i]: each push's vectors land on its first n rows.  vectors [pushes *
  // n, d]
  virtual void add_to_first_rows(const ConstMatrix& vectors, const RowLayout& layout, const Matrix& x) = 0;
  // to[b * count + i] = from[b * layout.rows + begin + i]: the rows that are read.
  virtual void select_rows(const ConstMatrix& from, const RowLayout& layout, int64_t begin,
                           const Matrix& to) = 0;

  // out = x / sqrt(mean(x^2) + eps) * weight, over each run of weight.columns columns: a whole row for a
  // layer's norm, each head for Qwen3's q and k norms. (Zhang and Sennrich 2019.)  weight [1, n]; out may be
  // x.
  virtual void rms_norm(const ConstMatrix& x, const ConstMatrix& weight, double eps, const Matrix& out) = 0;
  // The same. A model in bf16 rounds x / sqrt(...) and then its product with the weight in rms_norm, and only
  // the product here (OLMo 2).
  virtual void rms_norm_rounded_once(const ConstMatrix& x, const ConstMatrix& weight, double eps,
                                     const Matrix& out) {
    rms_norm(x, weight, eps, out);
  }
  // out = (x - mean(x)) / sqrt(var(x) + eps) * weight + bias, var being the mean of (x - mean(x))^2. (Ba,
  // Kiros, Hinton 2016.) weight and bias [1, n], x and out [rows, n]; out may be x.
  virtual void layer_norm(const ConstMatrix& x, const ConstMatrix& weight, const ConstMatrix& bias,
                          double eps, const Matrix& out) = 0;
  // Rotates the table's columns of each head in place: column i with column half + i. (Su et al. 2021.)
  virtual void rope(const RopeTable& table, const RowLayout& layout, int64_t head_dim, const Matrix& x) = 0;
  // Causal grouped-query attention over the shared prefix and the push's own rows.  out [pushes * rows,
  // num_heads * head_dim]
  virtual void attention(const AttentionInputs& inputs, const Matrix& out) = 0;
  // out = silu(gate) * up.  gate_up [n, 2 f]: gate then up; out [n, f]
  virtual void swiglu(const ConstMatrix& gate_up, const Matrix& out) = 0;
  // out = x Phi(x), Phi being the normal distribution function. (Hendrycks and Gimpel 2016.)  Same shape.
  virtual void gelu(const ConstMatrix& x, const Matrix& out) = 0;

  // The same on differences from a base (docs/method.md, "Difference propagation"): the base's rows are those
  // of every push. No sum of base and difference is formed where it would cancel, so rounding is relative to
  // the difference. out (+)= W dx: the bias cancels.  dense, as of linear
  virtual void linear_difference(const ConstMatrix& dx, const Linear& weight, const Matrix& out,
                                 Accumulate accumulate) = 0;
  // Packs a weight in bf16 ahead of time, which linear_difference otherwise does when it first uses it.
  virtual void prepare_difference(const Linear& /*weight*/) {}
  // norm(base + d) - norm(base).  base [rows, n k], d and out [pushes * rows, n k], weight [1, n]; out may be
  // d.
  virtual void rms_norm_difference(const ConstMatrix& base, const ConstMatrix& weight, double eps,
                                   const ConstMatrix& d, const Matrix& out) = 0;
  // layer_norm(base + d) - layer_norm(base): the bias cancels.  base [rows, n], d and out [pushes * rows, n];
  // out may be d.
  virtual void layer_norm_difference(const ConstMatrix& base, const ConstMatrix& weight, double eps,
                                     const ConstMatrix& d, const Matrix& out) = 0;
  // The base of attention_difference; base.layout.pushes is 1. The prefix must outlive the result, which
  // copies the rest.
  [[nodiscard]] virtual std::unique_ptr<AttentionTrace> trace_attention(const AttentionInputs& base) = 0;
  // attention(base + d) - attention(base).  out [pushes * rows, num_heads * head_dim]
  virtual void attention_difference(const AttentionTrace& base, const AttentionDifferences& d,
                                    const Matrix& out) = 0;
  // The base of swiglu_difference, which copies gate_up [rows, 2 f].
  [[nodiscard]] virtual std::unique_ptr<GateTrace> trace_gate(const ConstMatrix& gate_up) = 0;
  // swiglu(base + d) - swiglu(base).  d_gate_up [pushes * rows, 2 f], out [pushes * rows, f]
  virtual void swiglu_difference(const GateTrace& base, const ConstMatrix& d_gate_up, const Matrix& out) = 0;
  // gelu(base + d) - gelu(base).  base [rows, n], d and out [pushes * rows, n]
  virtual void gelu_difference(const ConstMatrix& base, const ConstMatrix& d, const Matrix& out) = 0;
  // x = 0.
  virtual void clear(const Matrix& x) = 0;

  // The base distributions of rows x [rows, d] (after the final norm). targets [rows]: each row's realised
  // next token. Errors: kUnsupported where the backend has no sampling and it is asked for, or moved tokens
  // are asked of a sample.
  [[nodiscard]] virtual std::unique_ptr<Readout> make_readout(const Head& head, const ConstMatrix& x,
                                                              std::span<const int32_t> targets,
                                                              const ReadoutSettings& settings) = 0;
  [[nodiscard]] std::unique_ptr<Readout> make_readout(const Head& head, const ConstMatrix& x,
                                                      std::span<const int32_t> targets) {
    return make_readout(head, x, targets, ReadoutSettings{});
  }
  // dx [pushes * rows, d]: the final norm's output, pushed minus base. Computes one tile of the vocabulary at
  // a time. docs/method.md, "Divergence". The result has [pushes * rows] responses; nothing may write to dx
  // until they are collected.
  [[nodiscard]] virtual std::unique_ptr<PendingResponses> submit_divergence(const Head& head,
                                                                            const Readout& base,
                                                                            const ConstMatrix& dx) = 0;
  // The same from values, as a notebook computes it: log-softmax of base and push, each rounded as the
  // backend's logits are, then their difference. x [(1 + pushes) * rows, d]: the final norm's output, the
  // base's rows before the pushes'. targets [rows]. Rows that are the same give exactly 0. Settings have no
  // sampling.
  [[nodiscard]] virtual std::unique_ptr<PendingResponses> submit_comparison(
      const Head& head, const ConstMatrix& x, std::span<const int32_t> targets,
      const ReadoutSettings& settings) = 0;
  // Returns x W_U^T on the host, for inspection and tests.
  [[nodiscard]] virtual std::vector<double> logits(const Head& head, const ConstMatrix& x) = 0;
};

// Called before each product and each slice of a weight, from any thread. If it returns false, the current
// work ends with an Error (kInterrupted). It may be empty.
using KeepGoing = std::function<bool()>;

[[nodiscard]] std::unique_ptr<Backend> make_reference_backend(KeepGoing keep_going = {});

// How products of Precision::kBf16 are computed: by the CPU's instructions, or, for tests on any CPU, from
// rounded operands in f32.
enum class Bf16Products { kNative, kEmulated };

struct CpuBackendOptions {
  Precision precision = Precision::kF32;
  Bf16Products bf16_products = Bf16Products::kNative;
  KeepGoing keep_going = {};
};
// Makes the CPU backend. Its precision() is kF32 if kBf16 was requested but the CPU lacks the instructions
// (MachineInfo::missing_bf16 says which). Errors: kUnsupported for kF64, in which only the reference backend
// computes.
[[nodiscard]] std::unique_ptr<Backend> make_cpu_backend(const CpuBackendOptions& options = {});

}  // namespace tugline
