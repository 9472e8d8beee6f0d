// The sizes of a transcript's residuals at the pushed layers, and which tokens are sinks. A sweep needs both
// before it pushes.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/probe/baseline.h"

namespace tugline {

class ResidualSizes {
 public:
  // Reads what is at the baseline's point. The baseline kept those of `layers`.
  ResidualSizes(const Model& model, const Baseline& baseline, std::span<const LayerIndex> layers);

  [[nodiscard]] double rms(LayerIndex layer, Position position) const {
    return layers_.at(layer).rms.at(static_cast<size_t>(position.value));
  }
  // Whether a token is a sink, by the rule of probe/sinks.
  [[nodiscard]] bool is_sink(LayerIndex layer, Position position) const {
    return layers_.at(layer).sinks.at(static_cast<size_t>(position.value));
  }
  // The root of the tokens' mean square, and whether one of them is a sink.
  [[nodiscard]] double rms_over(LayerIndex layer, TokenRange tokens) const;
  [[nodiscard]] bool has_sink(LayerIndex layer, TokenRange tokens) const;

 private:
  struct Layer {
    std::vector<double> rms;  // [tokens]
    std::vector<bool> sinks;  // [tokens]
  };
  std::map<LayerIndex, Layer> layers_;
};

}  // namespace tugline
