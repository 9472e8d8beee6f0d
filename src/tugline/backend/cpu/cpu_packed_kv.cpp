#include "tugline/backend/cpu/cpu_packed_kv.h"

#include "tugline/backend/cpu/row.h"

namespace tugline::cpu {
namespace {

// One head's columns of the prefix's rows, then of the span's.
class SeenRows {
 public:
  SeenRows(const ConstMatrix& prefix, const ConstMatrix& own, int64_t column)
      : prefix_(prefix), own_(own), column_(column) {}
  [[nodiscard]] int64_t count() const { return prefix_.rows + own_.rows; }
  [[nodiscard]] const float* operator[](int64_t j) const {
    return (j < prefix_.rows ? row(prefix_, j) : row(own_, j - prefix_.rows)) + column_;
  }

 private:
  ConstMatrix prefix_;
  ConstMatrix own_;
  int64_t column_;
};

LinearSource keys_of(const SeenRows& keys, const HeadShape& shape) {
  const auto scale = static_cast<float>(shape.scale);
  const int64_t head_dim = shape.head_dim;
  return {.out = keys.count(),
          .in = head_dim,
          .fill_rows =
              [=](int64_t begin, std::span<float> out) {
                for (size_t i = 0; i < out.size(); ++i) {
                  const auto at = static_cast<int64_t>(i);
                  out[i] = scale * keys[begin + at / head_dim][at % head_dim];
                }
              },
          .bias = {}};
}

LinearSource values_of(const SeenRows& values, int64_t head_dim) {
  const int64_t count = values.count();
  return {.out = head_dim,
          .in = count,
          .fill_rows =
              [=](int64_t begin, std::span<float> out) {
                for (size_t i = 0; i < out.size(); ++i) {
                  const auto at = static_cast<int64_t>(i);
                  out[i] = values[at % count][begin + at / count];
                }
              },
          .bias = {}};
}

}  // namespace

CpuPackedKv::CpuPackedKv(OneDnn& onednn, const AttentionInputs& base, DifferenceProducts products)
    : products_(products) {
  const int64_t dim = base.shape.head_dim;
  for (int64_t head = 0; head < base.shape.num_kv_heads; ++head) {
    const SeenRows keys(base.prefix_k, base.own_k, head * dim);
    const SeenRows values(base.prefix_v, base.own_v, head * dim);
    heads_.push_back({pack_for_differences(onednn, keys_of(keys, base.shape), products),
                      pack_for_differences(onednn, values_of(values, dim), products)});
  }
}

void CpuPackedKv::prepare_tasks(int64_t rows) const {
  for (const Head& head : heads_) {
    head.keys.prepare_tasks(rows);
    head.values.prepare_tasks(rows);
  }
}

}  // namespace tugline::cpu
