#include "tugline/probe/sinks.h"

#include <algorithm>
#include <cmath>

namespace tugline {
namespace {

// RMS of each row of a matrix of `columns` columns.
std::vector<double> row_rms(const std::vector<double>& values, int64_t columns) {
  std::vector<double> rms(values.size() / static_cast<size_t>(columns));
  for (size_t row = 0; row < rms.size(); ++row) {
    double squares = 0;
    for (int64_t i = 0; i < columns; ++i) {
      const double value = values[row * static_cast<size_t>(columns) + static_cast<size_t>(i)];
      squares += value * value;
    }
    rms[row] = std::sqrt(squares / static_cast<double>(columns));
  }
  return rms;
}

}  // namespace

double median_size(std::vector<double> sizes) {
  std::sort(sizes.begin(), sizes.end());
  const size_t middle = sizes.size() / 2;
  return sizes.size() % 2 == 1 ? sizes[middle] : (sizes[middle - 1] + sizes[middle]) / 2;
}

ResidualSizes::ResidualSizes(const Model& model, const Baseline& baseline,
                             std::span<const LayerIndex> layers) {
  for (const LayerIndex layer : layers) {
    const std::vector<double> residuals = model.backend().download(baseline.resid_post(layer).matrix());
    Layer& sizes = layers_[layer];
    sizes.rms = row_rms(residuals, model.config().hidden_size);
    sizes.median = median_size(sizes.rms);
  }
}

}  // namespace tugline
