#include "tugline/backend/cpu/onednn_linear.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <unordered_map>

#include "tugline/core/first_error.h"

namespace tugline::cpu {
namespace {

using dnnl::memory;

// The batch that weights are laid out for: what a planned batch of pushes comes to.
constexpr int64_t kTypicalRows = 800;

memory::desc strided(int64_t rows, int64_t columns, int64_t stride) {
  return {{rows, columns}, memory::data_type::f32, memory::dims{stride, 1}};
}

// [in, out] as oneDNN sees it, stored [out, in] row by row.
memory::desc row_by_row(int64_t in, int64_t out) { return {{in, out}, memory::data_type::f32, memory::format_tag::ba}; }

void fill_in_parallel(const LinearSource& source, float* to) {
  constexpr int64_t kRows = 64;  // a slice of a few hundred kilobytes: large enough to hide the scheduling
  FirstError error;
#pragma omp parallel for schedule(dynamic)
  for (int64_t begin = 0; begin < source.out; begin += kRows) {
    const int64_t count = std::min(kRows, source.out - begin);
    error.guard([&] { source.fill_rows(begin, {to + begin * source.in, static_cast<size_t>(count * source.in)}); });
  }
  error.rethrow();
}

}  // namespace

AlignedFloats::AlignedFloats(int64_t count) {
  const size_t bytes = (static_cast<size_t>(std::max<int64_t>(count, 1)) * sizeof(float) + 63) / 64 * 64;
  void* memory = std::aligned_alloc(64, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  data_.reset(static_cast<float*>(memory));
  std::fill_n(data_.get(), bytes / sizeof(float), 0.0f);
}

OneDnnLinear::OneDnnLinear(OneDnn& onednn, const LinearSource& source)
    : onednn_(onednn), out_(source.out), in_(source.in), values_(std::make_unique<AlignedFloats>(out_ * in_)) {
  fill_in_parallel(source, values_->data());
  if (!source.bias.empty()) {
    bias_ = std::make_unique<AlignedFloats>(out_);
    std::copy(source.bias.begin(), source.bias.end(), bias_->data());
  }
  const memory::desc plain = row_by_row(in_, out_);
  weights_ = memory(plain, onednn_.engine, values_->data());
  const memory::desc any({in_, out_}, memory::data_type::f32, memory::format_tag::any);
  const memory::desc preferred = describe({kTypicalRows, in_, out_, Accumulate::kNo, Bias::kAdd}, any).weights_desc();
  if (preferred == plain) return;
  auto packed = std::make_unique<AlignedFloats>(static_cast<int64_t>(preferred.get_size() / sizeof(float)));
  memory packed_weights(preferred, onednn_.engine, packed->data());
  dnnl::reorder(weights_, packed_weights).execute(onednn_.stream, weights_, packed_weights);
  onednn_.stream.wait();
  weights_ = packed_weights;
  values_ = std::move(packed);
}

dnnl::matmul::primitive_desc OneDnnLinear::describe(const Shape& shape, const memory::desc& weights) const {
  const auto [rows, x_stride, out_stride, accumulate, add_bias] = shape;
  const memory::desc x = strided(rows, in_, x_stride);
  const memory::desc y = strided(rows, out_, out_stride);
  const bool with_bias = bias_ && add_bias == Bias::kAdd;
  const memory::desc bias = with_bias ? strided(1, out_, out_) : memory::desc();
  dnnl::primitive_attr attributes;
  if (accumulate == Accumulate::kYes) {
    dnnl::post_ops add;
    add.append_sum(1.0f);
    attributes.set_post_ops(add);
  }
#if DNNL_VERSION_MAJOR >= 3
  if (with_bias) return {onednn_.engine, x, weights, bias, y, attributes};
  return {onednn_.engine, x, weights, y, attributes};
#else
  if (with_bias) return {dnnl::matmul::desc(x, weights, bias, y), attributes, onednn_.engine};
  return {dnnl::matmul::desc(x, weights, y), attributes, onednn_.engine};
#endif
}

const dnnl::matmul& OneDnnLinear::product(const Shape& shape) const {
  const auto found = products_.find(shape);
  if (found != products_.end()) return found->second;
  return products_.emplace(shape, describe(shape, weights_.get_desc())).first->second;
}

void OneDnnLinear::run(const Matrix& x, const Matrix& out, Accumulate accumulate, Bias bias) const {
  assert(x.columns == in_ && out.columns == out_ && x.rows == out.rows);
  const memory source(strided(x.rows, in_, x.stride), onednn_.engine, x.data);
  const memory target(strided(out.rows, out_, out.stride), onednn_.engine, out.data);
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights_}, {DNNL_ARG_DST, target}};
  if (bias_ && bias == Bias::kAdd) arguments[DNNL_ARG_BIAS] = memory(strided(1, out_, out_), onednn_.engine, bias_->data());
  product({x.rows, x.stride, out.stride, accumulate, bias}).execute(onednn_.stream, arguments);
  onednn_.stream.wait();
}

}  // namespace tugline::cpu
