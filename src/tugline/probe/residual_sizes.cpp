#include "tugline/probe/residual_sizes.h"

#include <span>

#include "tugline/probe/sinks.h"
#include "tugline/probe/vectors.h"

namespace tugline {

ResidualSizes::ResidualSizes(const Model& model, const Baseline& baseline,
                             std::span<const LayerIndex> layers) {
  const auto hidden = static_cast<size_t>(model.config().hidden_size);
  for (const LayerIndex layer : layers) {
    const std::vector<double> residuals = model.backend().download(baseline.residual(layer).matrix());
    Layer& sizes = layers_[layer];
    for (size_t begin = 0; begin < residuals.size(); begin += hidden)
      sizes.rms.push_back(tugline::rms(std::span(residuals).subspan(begin, hidden)));
    sizes.sinks = sink_tokens(sizes.rms);
  }
}

}  // namespace tugline
