// Linear maps through oneDNN's matrix product, with the weight in the layout that oneDNN prefers on this
// machine.
#pragma once

#include <dnnl.hpp>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>

#include "tugline/backend/backend.h"
#include "tugline/backend/cpu/aligned_floats.h"

namespace tugline::cpu {

// oneDNN's engine and stream, one of each per backend, and the question that is asked before each product.
struct OneDnn {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  KeepGoing keep_going = {};
};

enum class Bias { kAdd, kLeaveOut };
// The number of threads of a product.
enum class Threads { kAll, kOne };

// Why oneDNN has no bf16 products at full speed on this processor, as the end of a sentence; empty if it has.
[[nodiscard]] std::string missing_bf16_products(OneDnn& onednn);

class OneDnnLinear {
 public:
  // `element` is that of both factors, kF32 or kBf16; bias and result are f32. kBf16 throws dnnl::error if
  // oneDNN has no such products; ask missing_bf16_products beforehand.
  OneDnnLinear(OneDnn& onednn, const LinearSource& source, Element element = Element::kF32);
  // out (+)= x W^T + b, or without b.  x of the map's element, out f32; both dense. Errors: kInterrupted.
  void run(const ConstMatrix& x, const Matrix& out, Accumulate accumulate, Bias bias = Bias::kAdd) const;
  // The same inside one task of a parallel region, without accumulation or bias. Each number of rows that the
  // tasks have, fewer than a dozen, must be prepared before the region.
  void prepare_tasks(int64_t rows) const;
  void run_in_task(const ConstMatrix& x, const Matrix& out) const;
  [[nodiscard]] int64_t out_size() const { return out_; }
  // oneDNN's name of its implementation for this number of rows: "brg:avx512_core", "gemm:jit"; "ref:any" is
  // tens of times slower.
  [[nodiscard]] std::string implementation(int64_t rows) const;

 private:
  // A product's shape: rows, accumulation, bias, threads.
  using Shape = std::tuple<int64_t, Accumulate, Bias, Threads>;
  // The primitive that runs a shape. Later calls only set the addresses of x and out.
  struct Product {
    dnnl::matmul primitive;
    dnnl::memory x;
    dnnl::memory out;
    std::unordered_map<int, dnnl::memory> arguments;
    dnnl::memory::desc scratchpad;  // of a task's product; for other products oneDNN manages it
    uint64_t last_use = 0;          // by uses_
  };
  [[nodiscard]] dnnl::matmul::primitive_desc describe(const Shape& shape,
                                                      const dnnl::memory::desc& weights) const;
  [[nodiscard]] static Shape task_shape(int64_t rows) {
    return {rows, Accumulate::kNo, Bias::kLeaveOut, Threads::kOne};
  }
  void pack(const LinearSource& source);
  void pack_f32(const LinearSource& source, const dnnl::memory::desc& packed);
  void pack_bf16(const LinearSource& source, const dnnl::memory::desc& packed);
  [[nodiscard]] Product make_product(const Shape& shape) const;
  // Makes the product on first use, and keeps it as long as it is among the last used. Valid until the next
  // call.
  [[nodiscard]] const Product& product(const Shape& shape) const;

  OneDnn& onednn_;
  Element element_;
  int64_t out_;
  int64_t in_;
  std::unique_ptr<AlignedFloats> values_;
  std::unique_ptr<AlignedFloats> bias_;
  dnnl::memory weights_;
  mutable std::map<Shape, Product> products_;  // at most a dozen: each transcript's length needs another
  mutable uint64_t uses_ = 0;
};

}  // namespace tugline::cpu
