// Linear maps through oneDNN's matrix product, with the weight in the layout that oneDNN prefers on this machine.
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

// oneDNN's engine and stream, one of each a backend, and what is asked before each product.
struct OneDnn {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  KeepGoing keep_going = {};
};

enum class Bias { kAdd, kLeaveOut };
// That a product is split over.
enum class Threads { kAll, kOne };

// Of a product's two factors; bias and result are f32.
enum class Element { kF32, kBf16 };

// Why oneDNN has no bf16 products at the processor's full speed here, as the end of a sentence; empty where it has.
[[nodiscard]] std::string missing_bf16_products(OneDnn& onednn);

class OneDnnLinear {
 public:
  // kBf16: throws dnnl::error where oneDNN has no such products; missing_bf16_products says so beforehand.
  OneDnnLinear(OneDnn& onednn, const LinearSource& source, Element element = Element::kF32);
  // out (+)= x W^T + b, or without b.  x of the map's element, out f32; both dense. Errors: kInterrupted.
  void run(const Matrix& x, const Matrix& out, Accumulate accumulate, Bias bias = Bias::kAdd) const;
  // The same within one task of a parallel region, without accumulation or bias. Outside of it, each number of rows that
  // the region's tasks have is prepared, fewer than a dozen of them.
  void prepare_tasks(int64_t rows) const;
  void run_in_task(const Matrix& x, const Matrix& out) const;
  [[nodiscard]] int64_t out_size() const { return out_; }
  // oneDNN's name for what multiplies so many rows: "brg:avx512_core", "gemm:jit"; "ref:any" is tens of times slower.
  [[nodiscard]] std::string implementation(int64_t rows) const;

 private:
  // A product's shape: rows, accumulation, bias, threads.
  using Shape = std::tuple<int64_t, Accumulate, Bias, Threads>;
  // What runs a shape: later calls only set the addresses of x and out.
  struct Product {
    dnnl::matmul primitive;
    dnnl::memory x;
    dnnl::memory out;
    std::unordered_map<int, dnnl::memory> arguments;
    dnnl::memory::desc scratchpad;  // of a task's; other products leave theirs to oneDNN
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
  // Made on first use and kept while it is among the latest used. Valid until the next call.
  [[nodiscard]] const Product& product(const Shape& shape) const;

  OneDnn& onednn_;
  Element element_;
  int64_t out_;
  int64_t in_;
  std::unique_ptr<AlignedFloats> values_;
  std::unique_ptr<AlignedFloats> bias_;
  dnnl::memory weights_;
  mutable std::map<Shape, Product> products_;  // at most a dozen: transcripts come in any number of lengths
  mutable uint64_t uses_ = 0;
};

}  // namespace tugline::cpu
