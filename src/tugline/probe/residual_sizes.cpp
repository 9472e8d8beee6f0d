#include "tugline/probe/residual_sizes.h"

#include <cmath>
#include <span>

#include "tugline/probe/sinks.h"
#include "tugline/probe/vectors.h"

namespace tugline {

ResidualSizes::ResidualSizes(const Model& model, const Baseline& baseline,
                             std::span<const LayerIndex> layers) {
  const auto width = static_cast<size_t>(width_at(baseline.point(), model.config()));
  for (const LayerIndex layer : layers) {
    const std::vector<double> residuals = model.backend().download(baseline.activation(layer).matrix());
    Layer& sizes = layers_[layer];
    for (size_t begin = 0; begin < residuals.size(); begin += width)
      sizes.rms.push_back(tugline::rms(std::span(residuals).subspan(begin, width)));
    sizes.sinks = sink_tokens(sizes.rms);
  }
}

double ResidualSizes::rms_over(LayerIndex layer, TokenRange tokens) const {
  if (tokens.size() == 1) return rms(layer, Position{tokens.begin});
  double squares = 0;
  for (int64_t token = tokens.begin; token < tokens.end; ++token)
    squares += rms(layer, Position{token}) * rms(layer, Position{token});
  return std::sqrt(squares / static_cast<double>(tokens.size()));
}

bool ResidualSizes::has_sink(LayerIndex layer, TokenRange tokens) const {
  for (int64_t token = tokens.begin; token < tokens.end; ++token)
    if (is_sink(layer, Position{token})) return true;
  return false;
}

}  // namespace tugline
