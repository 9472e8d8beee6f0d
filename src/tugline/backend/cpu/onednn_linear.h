// Linear maps through oneDNN's matrix product, with the weight in the layout that oneDNN prefers on this machine.
#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <tuple>

#include <dnnl.hpp>

#include "tugline/backend/backend.h"

namespace tugline::cpu {

// 64-byte aligned f32 memory, zero-filled.
class AlignedFloats {
 public:
  explicit AlignedFloats(int64_t count);
  [[nodiscard]] float* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float[], Free> data_;
};

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
  [[nodiscard]] dnnl::matmul::primitive_desc describe(const Shape& shape, const dnnl::memory::desc& weights) const;
  const dnnl::matmul& product(const Shape& shape) const;

  OneDnn& onednn_;
  int64_t out_;
  int64_t in_;
  std::unique_ptr<AlignedFloats> values_;
  std::unique_ptr<AlignedFloats> bias_;
  dnnl::memory weights_;
  mutable std::map<Shape, dnnl::matmul> products_;
};

}  // namespace tugline::cpu
