// Sink tokens: positions on which attention rests, and whose residual is far larger than others (Xiao et al.
// 2024; Sun et al. 2024). A push there is many times the size of a push elsewhere, and a few components of
// their residuals would dominate statistics. Units at sinks are therefore flagged, no control is measured at
// one, and direction families and mean vectors leave them out.
#pragma once

#include <span>
#include <vector>

namespace tugline {

// A token is a sink if its residual's norm is above this multiple of the transcript's median at that layer.
inline constexpr double kSinkNorm = 10;

// The median; for an even number of values the mean of the two middle ones. `sizes` is not empty.
[[nodiscard]] double median_size(std::vector<double> sizes);

// Says for each token of a transcript whether it is a sink at a layer: the first one, and those above
// kSinkNorm medians.  sizes [tokens]: the residuals' norms, or their RMS.
[[nodiscard]] std::vector<bool> sink_tokens(std::span<const double> sizes);

}  // namespace tugline
