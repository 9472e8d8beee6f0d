// How large a transcript's residuals are at the pushed layers, and which of them are sinks': what a sweep asks before it pushes.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/probe/baseline.h"

namespace tugline {

class ResidualSizes {
 public:
  // At the baseline's hook. `layers` are ones that the baseline kept.
  ResidualSizes(const Model& model, const Baseline& baseline, std::span<const LayerIndex> layers);

  [[nodiscard]] double rms(LayerIndex layer, Position position) const {
    return layers_.at(layer).rms.at(static_cast<size_t>(position.value));
  }
  // By the rule of probe/sinks.
  [[nodiscard]] bool is_sink(LayerIndex layer, Position position) const {
    return layers_.at(layer).sinks.at(static_cast<size_t>(position.value));
  }

 private:
  struct Layer {
    std::vector<double> rms;  // [tokens]
    std::vector<bool> sinks;  // [tokens]
  };
  std::map<LayerIndex, Layer> layers_;
};

}  // namespace tugline
