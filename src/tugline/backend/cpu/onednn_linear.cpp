#include "tugline/backend/cpu/onednn_linear.h"

#include <algorithm>
#include <cassert>
#include <string_view>

#include "tugline/backend/cpu/bf16.h"
#include "tugline/backend/cpu/onednn_status.h"
#include "tugline/backend/cpu/source_rows.h"
#include "tugline/backend/interruption.h"
#include "tugline/core/parallel_for.h"
#include "tugline/core/thread_count.h"

namespace tugline::cpu {
namespace {

using dnnl::memory;

// The batch that weights are laid out for: what a planned batch of pushes comes to.
constexpr int64_t kTypicalRows = 800;

// Products that a map keeps, of 10 KB each. One span needs about five shapes: its trace, its full batches and
// the last one, at all layers and at the last layer. One more made anew costs tens of microseconds, since
// oneDNN keeps the code.
constexpr size_t kMostProducts = 12;

// oneDNN takes what it only reads by the same type of pointer as what it writes.
void* readable(const ConstMatrix& x) { return const_cast<std::byte*>(x.data); }

memory::data_type type_of(Element element) {
  return element == Element::kF32 ? memory::data_type::f32 : memory::data_type::bf16;
}

// Without gaps between rows: with gaps, oneDNN 2.6 has only its reference loops on AVX-512.
memory::desc dense(int64_t rows, int64_t columns, Element element = Element::kF32) {
  return {{rows, columns}, type_of(element), memory::format_tag::ab};
}

// [in, out] as oneDNN sees it, stored [out, in] row by row.
memory::desc row_by_row(int64_t in, int64_t out, Element element = Element::kF32) {
  return {{in, out}, type_of(element), memory::format_tag::ba};
}

// Elements between the start of a blocked matrix and its column `begin`, a multiple of the block.
int64_t offset_of(const memory::desc& packed, int64_t in, int64_t begin, int64_t count) {
  const memory::desc slice = packed.submemory_desc({in, count}, {0, begin});
#if DNNL_VERSION_MAJOR >= 3
  return slice.get_submemory_offset();
#else
  return slice.data.offset0;
#endif
}

// Columns (outputs) that are packed at a time: a multiple of oneDNN's widest blocks, small enough that their
// rows are still in cache when they are moved into place.
int64_t slice_columns(const memory::desc& packed, int64_t in, int64_t out) {
  const memory::desc by_48({in, out}, memory::data_type::f32, memory::format_tag::BA16a48b);
  return packed == by_48 ? 192 : 64;
}

bool has_bf16_instructions() {
#ifdef __x86_64__
  // Each set is a number that has the bits of those that it contains. AVX-512 alone emulates bf16 products,
  // slower than f32's.
  const auto isa = static_cast<unsigned>(dnnl_get_effective_cpu_isa());
  const auto contains = [isa](unsigned set) { return (isa & set) == set; };
  if (contains(dnnl_cpu_isa_avx512_core_bf16) || contains(dnnl_cpu_isa_avx512_core_amx)) return true;
#if DNNL_VERSION_MAJOR >= 3
  if (contains(dnnl_cpu_isa_avx2_vnni_2)) return true;
#endif
  return false;
#else
  return true;  // oneDNN does not say; whether it has a product, and which, does
#endif
}

// bf16 x bf16 added to f32, in a layout of oneDNN's choice: what linear maps of differences are made of.
dnnl::matmul::primitive_desc typical_bf16_product(OneDnn& onednn) {
  constexpr int64_t kSize = 512;
  const memory::desc x = dense(kTypicalRows, kSize, Element::kBf16);
  const memory::desc weights({kSize, kSize}, memory::data_type::bf16, memory::format_tag::any);
  const memory::desc out = dense(kTypicalRows, kSize);
  dnnl::post_ops add;
  add.append_sum(1.0f);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(add);
#if DNNL_VERSION_MAJOR >= 3
  return {onednn.engine, x, weights, out, attributes};
#else
  return {dnnl::matmul::desc(x, weights, out), attributes, onednn.engine};
#endif
}

}  // namespace

std::string missing_bf16_products(OneDnn& onednn) {
  if (!has_bf16_instructions())
    return "oneDNN finds none of the instructions for them: AVX512_BF16, AMX"
#if DNNL_VERSION_MAJOR >= 3
           ", AVX_NE_CONVERT"
#endif
        ;
  try {
    if (std::string_view(typical_bf16_product(onednn).impl_info_str()).starts_with("ref"))
      return "oneDNN has only its reference loops for them on this processor";
  } catch (const dnnl::error& e) {
    if (e.status == dnnl_out_of_memory) fail_out_of_memory();
    return "oneDNN has none for this processor";
  }
  return {};
}

OneDnnLinear::OneDnnLinear(OneDnn& onednn, const LinearSource& source, Element element)
    : onednn_(onednn), element_(element), out_(source.out), in_(source.in) {
  if (!source.bias.empty()) {
    bias_ = std::make_unique<AlignedFloats>(out_);
    std::copy(source.bias.begin(), source.bias.end(), bias_->data());
  }
  expect_room_for_code();
  with_memory_errors([&] { pack(source); });
}

void OneDnnLinear::pack(const LinearSource& source) {
  const memory::desc any({in_, out_}, type_of(element_), memory::format_tag::any);
  const memory::desc preferred =
      describe({kTypicalRows, Accumulate::kNo, Bias::kAdd, Threads::kAll}, any).weights_desc();
  if (element_ == Element::kBf16) return pack_bf16(source, preferred);
  const memory::desc packed = preferred == dense(in_, out_) ? row_by_row(in_, out_) : preferred;
  values_ = std::make_unique<AlignedFloats>(static_cast<int64_t>(packed.get_size() / sizeof(float)));
  weights_ = memory(packed, onednn_.engine, values_->data());
  if (packed == row_by_row(in_, out_))
    read_rows(source, 0, out_, values_->data());
  else
    pack_f32(source, packed);
}

// Packs one slice at a time, in parallel, directly into its final position, so the weight is never held
// twice.
void OneDnnLinear::pack_f32(const LinearSource& source, const memory::desc& packed) {
  const int64_t columns = slice_columns(packed, in_, out_);
  const auto pack_slice = [&](std::vector<float>& rows, int64_t begin) {
    const int64_t count = std::min(columns, out_ - begin);
    rows.resize(static_cast<size_t>(count * in_));
    source.fill_rows(begin, rows);
    dnnl::stream stream(onednn_.engine);
    memory from(row_by_row(in_, count), onednn_.engine, rows.data());
    memory to(packed.submemory_desc({in_, count}, {0, 0}), onednn_.engine,
              values_->data() + offset_of(packed, in_, begin, count));
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
  };
  parallel_for_with<Schedule::kDynamic>((out_ + columns - 1) / columns, [] { return std::vector<float>(); },
                                        [&](std::vector<float>& rows, int64_t slice) {
                                          with_memory_errors([&] { pack_slice(rows, slice * columns); });
                                        });
}

// One matrix at a time is held a second time, in 16 bits: oneDNN's layouts for bf16 interleave rows, and are
// left to one reorder.
void OneDnnLinear::pack_bf16(const LinearSource& source, const memory::desc& packed) {
  std::vector<uint16_t> bits(static_cast<size_t>(out_ * in_));
  for_each_slice(source, [&](int64_t begin, std::span<const float> rows) {
    pack_bf16_row(rows.data(), static_cast<int64_t>(rows.size()), bits.data() + begin * in_);
  });
  values_ = std::make_unique<AlignedFloats>(static_cast<int64_t>(packed.get_size() / sizeof(float) + 1));
  weights_ = memory(packed, onednn_.engine, values_->data());
  memory from(row_by_row(in_, out_, Element::kBf16), onednn_.engine, bits.data());
  dnnl::reorder(from, weights_).execute(onednn_.stream, from, weights_);
  onednn_.stream.wait();
}

dnnl::matmul::primitive_desc OneDnnLinear::describe(const Shape& shape, const memory::desc& weights) const {
  const auto [rows, accumulate, add_bias, threads] = shape;
  const memory::desc x = dense(rows, in_, element_);
  const memory::desc y = dense(rows, out_);
  const bool with_bias = bias_ && add_bias == Bias::kAdd;
  const memory::desc bias = with_bias ? dense(1, out_) : memory::desc();
  dnnl::primitive_attr attributes;
  if (accumulate == Accumulate::kYes) {
    dnnl::post_ops add;
    add.append_sum(1.0f);
    attributes.set_post_ops(add);
  }
  if (threads == Threads::kOne) attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
  if (with_bias) return {onednn_.engine, x, weights, bias, y, attributes};
  return {onednn_.engine, x, weights, y, attributes};
#else
  if (with_bias) return {dnnl::matmul::desc(x, weights, bias, y), attributes, onednn_.engine};
  return {dnnl::matmul::desc(x, weights, y), attributes, onednn_.engine};
#endif
}

OneDnnLinear::Product OneDnnLinear::make_product(const Shape& shape) const {
  expect_room_for_code();
  const auto [rows, accumulate, add_bias, threads] = shape;
  const memory x(dense(rows, in_, element_), onednn_.engine, DNNL_MEMORY_NONE);
  const memory out(dense(rows, out_), onednn_.engine, DNNL_MEMORY_NONE);
  const dnnl::matmul::primitive_desc description = describe(shape, weights_.get_desc());
  Product product{description,
                  x,
                  out,
                  {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, weights_}, {DNNL_ARG_DST, out}},
                  description.scratchpad_desc(),
                  0};
  if (bias_ && add_bias == Bias::kAdd)
    product.arguments[DNNL_ARG_BIAS] = memory(dense(1, out_), onednn_.engine, bias_->data());
  return product;
}

const OneDnnLinear::Product& OneDnnLinear::product(const Shape& shape) const {
  auto found = products_.find(shape);
  if (found == products_.end()) {
    if (products_.size() >= kMostProducts)
      products_.erase(
          std::ranges::min_element(products_, {}, [](const auto& entry) { return entry.second.last_use; }));
    found = products_.emplace(shape, make_product(shape)).first;
  }
  found->second.last_use = ++uses_;
  return found->second;
}

void OneDnnLinear::run(const ConstMatrix& x, const Matrix& out, Accumulate accumulate, Bias bias) const {
  assert(x.columns == in_ && out.columns == out_ && x.rows == out.rows);
  assert(x.is_dense() && out.is_dense());
  check_interruption(onednn_.keep_going);
  with_memory_errors([&] {
    const Product& product = this->product({x.rows, accumulate, bias, Threads::kAll});
    product.x.set_data_handle(readable(x));
    product.out.set_data_handle(out.data);
    product.primitive.execute(onednn_.stream, product.arguments);
    onednn_.stream.wait();
  });
}

// oneDNN plans a product for the number of threads at the time when it is made. A task has one thread.
void OneDnnLinear::prepare_tasks(int64_t rows) const {
  const ThreadCount one_while_it_is_made(1);
  with_memory_errors([&] { (void)product(task_shape(rows)); });
}

void OneDnnLinear::run_in_task(const ConstMatrix& x, const Matrix& out) const {
  assert(x.columns == in_ && out.columns == out_ && x.rows == out.rows);
  assert(x.is_dense() && out.is_dense());
  const Product& product = products_.at(task_shape(x.rows));
  // Other tasks run the same product: what it reads and writes cannot be kept in it.
  with_memory_errors([&] {
    dnnl::stream stream(onednn_.engine);
    product.primitive.execute(stream,
                              {{DNNL_ARG_SRC, memory(product.x.get_desc(), onednn_.engine, readable(x))},
                               {DNNL_ARG_WEIGHTS, weights_},
                               {DNNL_ARG_DST, memory(product.out.get_desc(), onednn_.engine, out.data)},
                               {DNNL_ARG_SCRATCHPAD, memory(product.scratchpad, onednn_.engine)}});
    stream.wait();
  });
}

std::string OneDnnLinear::implementation(int64_t rows) const {
  return describe({rows, Accumulate::kYes, Bias::kLeaveOut, Threads::kAll}, weights_.get_desc())
      .impl_info_str();
}

}  // namespace tugline::cpu
