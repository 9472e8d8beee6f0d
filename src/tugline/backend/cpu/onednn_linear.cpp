#include "tugline/backend/cpu/onednn_linear.h"

#include <algorithm>
#include <cassert>

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

// Elements between the start of a blocked matrix and its column `begin`, a multiple of the block.
int64_t offset_of(const memory::desc& packed, int64_t in, int64_t begin, int64_t count) {
  const memory::desc slice = packed.submemory_desc({in, count}, {0, begin});
#if DNNL_VERSION_MAJOR >= 3
  return slice.get_submemory_offset();
#else
  return slice.data.offset0;
#endif
}

// Columns (outputs) that are packed at a time: a multiple of oneDNN's widest blocks, small enough that their rows are still in cache
// when they are moved into place.
int64_t slice_columns(const memory::desc& packed, int64_t in, int64_t out) {
  const memory::desc by_48({in, out}, memory::data_type::f32, memory::format_tag::BA16a48b);
  return packed == by_48 ? 192 : 64;
}

}  // namespace

OneDnnLinear::OneDnnLinear(OneDnn& onednn, const LinearSource& source) : onednn_(onednn), out_(source.out), in_(source.in) {
  if (!source.bias.empty()) {
    bias_ = std::make_unique<AlignedFloats>(out_);
    std::copy(source.bias.begin(), source.bias.end(), bias_->data());
  }
  const memory::desc any({in_, out_}, memory::data_type::f32, memory::format_tag::any);
  const memory::desc packed = describe({kTypicalRows, in_, out_, Accumulate::kNo, Bias::kAdd}, any).weights_desc();
  values_ = std::make_unique<AlignedFloats>(static_cast<int64_t>(packed.get_size() / sizeof(float)));
  weights_ = memory(packed, onednn_.engine, values_->data());
  pack(source, packed);
}

// Slice by slice, straight to where each belongs: a second copy of the weight exists never, and the slices run in parallel.
void OneDnnLinear::pack(const LinearSource& source, const memory::desc& packed) {
  const int64_t columns = slice_columns(packed, in_, out_);
  FirstError error;
#pragma omp parallel
  {
    std::vector<float> rows;
#pragma omp for schedule(dynamic)
    for (int64_t begin = 0; begin < out_; begin += columns) {
      error.guard([&] {
        const int64_t count = std::min(columns, out_ - begin);
        rows.resize(static_cast<size_t>(count * in_));
        source.fill_rows(begin, rows);
        dnnl::stream stream(onednn_.engine);
        memory from(row_by_row(in_, count), onednn_.engine, rows.data());
        memory to(packed.submemory_desc({in_, count}, {0, 0}), onednn_.engine, values_->data() + offset_of(packed, in_, begin, count));
        dnnl::reorder(from, to).execute(stream, from, to);
        stream.wait();
      });
    }
  }
  error.rethrow();
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

OneDnnLinear::Product OneDnnLinear::make_product(const Shape& shape) const {
  const auto [rows, x_stride, out_stride, accumulate, add_bias] = shape;
  const memory x(strided(rows, in_, x_stride), onednn_.engine, DNNL_MEMORY_NONE);
  const memory out(strided(rows, out_, out_stride), onednn_.engine, DNNL_MEMORY_NONE);
  Product product{describe(shape, weights_.get_desc()), x, out, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, weights_}, {DNNL_ARG_DST, out}}};
  if (bias_ && add_bias == Bias::kAdd)
    product.arguments[DNNL_ARG_BIAS] = memory(strided(1, out_, out_), onednn_.engine, bias_->data());
  return product;
}

const OneDnnLinear::Product& OneDnnLinear::product(const Shape& shape) const {
  const auto found = products_.find(shape);
  if (found != products_.end()) return found->second;
  return products_.emplace(shape, make_product(shape)).first->second;
}

void OneDnnLinear::run(const Matrix& x, const Matrix& out, Accumulate accumulate, Bias bias) const {
  assert(x.columns == in_ && out.columns == out_ && x.rows == out.rows);
  const Product& product = this->product({x.rows, x.stride, out.stride, accumulate, bias});
  product.x.set_data_handle(x.data);
  product.out.set_data_handle(out.data);
  product.primitive.execute(onednn_.stream, product.arguments);
  onednn_.stream.wait();
}

}  // namespace tugline::cpu
