// Sink tokens: positions that attention rests on and whose residual is out of proportion (Xiao et al. 2024; Sun et al. 2024). A push
// there is many times the size of a push elsewhere, so units at sinks are flagged, and no control is measured at one.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/probe/baseline.h"

namespace tugline {

// A residual whose norm is above so many times the transcript's median at that layer is a sink's.
inline constexpr double kSinkNorm = 10;

// The middle value; of an even number the mean of the two middle ones. `sizes` is not empty.
[[nodiscard]] double median_size(std::vector<double> sizes);

// The residuals' RMS at every position of a transcript, at the layers that are pushed.
class ResidualSizes {
 public:
  // `layers` are ones that the baseline kept.
  ResidualSizes(const Model& model, const Baseline& baseline, std::span<const LayerIndex> layers);

  [[nodiscard]] double rms(LayerIndex layer, Position position) const {
    return layers_.at(layer).rms.at(static_cast<size_t>(position.value));
  }
  // The first position, or one whose residual is above kSinkNorm medians.
  [[nodiscard]] bool is_sink(LayerIndex layer, Position position) const {
    return position.value == 0 || rms(layer, position) > kSinkNorm * layers_.at(layer).median;
  }

 private:
  struct Layer {
    std::vector<double> rms;  // [tokens]
    double median = 0;
  };
  std::map<LayerIndex, Layer> layers_;
};

}  // namespace tugline
