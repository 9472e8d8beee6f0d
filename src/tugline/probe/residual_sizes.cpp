#include "tugline/probe/residual_sizes.h"

#include <cmath>

#include "tugline/probe/sinks.h"
#include "tugline/probe/vectors.h"

namespace tugline {
namespace {

// RMS of each row of a matrix of `columns` columns.
std::vector<double> row_rms(std::span<const double> values, size_t columns) {
  std::vector<double> rms(values.size() / columns);
  for (size_t row = 0; row < rms.size(); ++row)
    rms[row] = norm(values.subspan(row * columns, columns)) / std::sqrt(static_cast<double>(columns));
  return rms;
}

}  // namespace

ResidualSizes::ResidualSizes(const Model& model, const Baseline& baseline,
                             std::span<const LayerIndex> layers) {
  for (const LayerIndex layer : layers) {
    const std::vector<double> residuals = model.backend().download(baseline.residual(layer).matrix());
    Layer& sizes = layers_[layer];
    sizes.rms = row_rms(residuals, static_cast<size_t>(model.config().hidden_size));
    sizes.sinks = sink_tokens(sizes.rms);
  }
}

}  // namespace tugline
