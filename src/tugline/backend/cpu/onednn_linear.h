// Linear maps through oneDNN's matrix product, with the weight in the layout that oneDNN prefers on this machine.
#pragma once

#include <map>
#include <memory>
#include <tuple>
#include <unordered_map>

#include <dnnl.hpp>

#include "tugline/backend/backend.h"
#include "tugline/backend/cpu/aligned_floats.h"

namespace tugline::cpu {

// oneDNN's engine and stream, one of each a backend.
struct OneDnn {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

enum class Bias { kAdd, kLeaveOut };

class OneDnnLinear final : public Linear {
 public:
  OneDnnLinear(OneDnn& onednn, const LinearSource& source);
  // out (+)= x W^T + b, or without b.
  void run(const Matrix& x, const Matrix& out, Accumulate accumulate, Bias bias = Bias::kAdd) const;
  [[nodiscard]] int64_t out_size() const { return out_; }

 private:
  // A product's shape: rows, strides of x and out, accumulation, bias.
  using Shape = std::tuple<int64_t, int64_t, int64_t, Accumulate, Bias>;
  // What runs a shape, made once: later calls only set the addresses of x and out.
  struct Product {
    dnnl::matmul primitive;
    dnnl::memory x;
    dnnl::memory out;
    std::unordered_map<int, dnnl::memory> arguments;
  };
  [[nodiscard]] dnnl::matmul::primitive_desc describe(const Shape& shape, const dnnl::memory::desc& weights) const;
  void pack(const LinearSource& source, const dnnl::memory::desc& packed);
  [[nodiscard]] Product make_product(const Shape& shape) const;
  [[nodiscard]] const Product& product(const Shape& shape) const;

  OneDnn& onednn_;
  int64_t out_;
  int64_t in_;
  std::unique_ptr<AlignedFloats> values_;
  std::unique_ptr<AlignedFloats> bias_;
  dnnl::memory weights_;
  mutable std::map<Shape, Product> products_;
};

}  // namespace tugline::cpu
