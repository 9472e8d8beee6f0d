// y = W x in f64. No weight is held: a tile of its rows is read from its source in f32 (exact for every
// format that tugline reads), made f64 and multiplied while it is in cache.
#include <algorithm>

#include "tugline/backend/reference/product_kernel.h"
#include "tugline/backend/reference/reference_ops.h"
#include "tugline/core/parallel_for.h"

namespace tugline::reference {
namespace {

// Inputs that are multiplied at a time: a panel of x then takes at most 32 KB, and stays in cache for all
// outputs of a tile.
constexpr int64_t kInputs = 256;

// Products below which waking threads takes longer than they save.
constexpr int64_t kWorthThreads = int64_t{1} << 18;

// Outputs of a tile: a few hundred kilobytes of weights, so that they stay in cache from reading to the
// product.
int64_t tile_outputs(const LinearSource& source) {
  constexpr int64_t kElements = int64_t{1} << 16;
  const int64_t outputs = std::clamp<int64_t>(kElements / source.in, kPanelOutputs, 64);
  return outputs / kPanelOutputs * kPanelOutputs;
}

// x's rows in panels of panel_rows(), each [in, panel_rows()]: side by side, with zeros if there are fewer
// rows.
class Panels {
 public:
  explicit Panels(const ConstMatrix& x)
      : rows_(panel_rows()),
        in_(x.columns),
        count_((x.rows + rows_ - 1) / rows_),
        values_(static_cast<size_t>(count_ * rows_ * in_)) {
    for (int64_t r = 0; r < x.rows; ++r) {
      double* to = values_.data() + r / rows_ * rows_ * in_ + r % rows_;
      for (int64_t i = 0; i < in_; ++i) to[i * rows_] = row(x, r)[i];
    }
  }
  [[nodiscard]] int64_t count() const { return count_; }
  [[nodiscard]] int64_t padded_rows() const { return count_ * rows_; }
  // One panel's values, from input `begin` on.
  [[nodiscard]] const double* at(int64_t panel, int64_t begin) const {
    return values_.data() + (panel * in_ + begin) * rows_;
  }

 private:
  int64_t rows_;
  int64_t in_;
  int64_t count_;
  std::vector<double> values_;
};

// One thread's memory: a tile of weights and the sums that it makes.
class Tile {
 public:
  Tile(const LinearSource& source, const Panels& panels)
      : source_(source),
        panels_(panels),
        outputs_(tile_outputs(source)),
        weights_(static_cast<size_t>(outputs_ * source.in)),
        part_(static_cast<size_t>(outputs_ * kInputs)),
        sums_(static_cast<size_t>(outputs_ * panels.padded_rows())) {}

  // The products of outputs [begin, begin + count), count at most tile_outputs().
  void multiply(int64_t begin, int64_t count) {
    source_.fill_rows(begin, std::span(weights_).first(static_cast<size_t>(count * source_.in)));
    std::fill(sums_.begin(), sums_.end(), 0.0);
    for (int64_t first = 0; first < source_.in; first += kInputs)
      multiply_part(first, std::min(kInputs, source_.in - first), count);
  }
  [[nodiscard]] double sum(int64_t output, int64_t r) const {
    return sums_[static_cast<size_t>(output * panels_.padded_rows() + r)];
  }

 private:
  void multiply_part(int64_t first, int64_t inputs, int64_t count) {
    for (int64_t o = 0; o < count; ++o)
      std::copy_n(weights_.data() + o * source_.in + first, inputs, part_.data() + o * kInputs);
    const int64_t stride = panels_.padded_rows();
    for (int64_t panel = 0; panel < panels_.count(); ++panel)
      for (int64_t o = 0; o < count; o += kPanelOutputs)  // outputs beyond `count` are never read
        multiply_panel({.x = panels_.at(panel, first),
                        .w = part_.data() + o * kInputs,
                        .w_stride = kInputs,
                        .count = inputs,
                        .sums = sums_.data() + o * stride + panel * panel_rows(),
                        .sums_stride = stride});
  }

  const LinearSource& source_;
  const Panels& panels_;
  int64_t outputs_;
  std::vector<float> weights_;  // [outputs, in]
  std::vector<double> part_;    // [outputs, kInputs]
  std::vector<double> sums_;    // [outputs, padded rows]
};

}  // namespace

void linear(const ConstMatrix& x, const Weight& weight, const Matrix& out, Accumulate accumulate, Bias bias) {
  const LinearSource& source = weight.source;
  const bool add_bias = bias == Bias::kAdd && !source.bias.empty();
  const Panels panels(x);
  const int64_t outputs = tile_outputs(source);
  const auto multiply = [&](Tile& tile, int64_t begin) {
    const int64_t count = std::min(outputs, source.out - begin);
    tile.multiply(begin, count);
    for (int64_t r = 0; r < x.rows; ++r) {
      for (int64_t o = 0; o < count; ++o) {
        double& to = row(out, r)[begin + o];
        const double constant =
            add_bias ? static_cast<double>(source.bias[static_cast<size_t>(begin + o)]) : 0.0;
        to = (accumulate == Accumulate::kYes ? to : 0.0) + tile.sum(o, r) + constant;
      }
    }
  };
  parallel_for_with<Schedule::kDynamic>(
      (source.out + outputs - 1) / outputs, [&] { return Tile(source, panels); },
      [&](Tile& tile, int64_t i) { multiply(tile, i * outputs); },
      x.rows * source.out * source.in > kWorthThreads ? Team::kAll : Team::kOne);
}

}  // namespace tugline::reference
