// Sink tokens: positions that attention rests on and whose residual is out of proportion (Xiao et al. 2024; Sun et al. 2024). A push
// there is many times the size of a push elsewhere, and a few of their components are all that statistics see: units at sinks are flagged,
// no control is measured at one, and direction families and mean vectors leave them out.
#pragma once

#include <span>
#include <vector>

namespace tugline {

// A residual whose norm is above so many times the transcript's median at that layer is a sink's.
inline constexpr double kSinkNorm = 10;

// The middle value; of an even number the mean of the two middle ones. `sizes` is not empty.
[[nodiscard]] double median_size(std::vector<double> sizes);

// Of each token of a transcript whether it is a sink at a layer: the first, and those above kSinkNorm medians.  sizes [tokens]: the
// residuals' norms, or their RMS.
[[nodiscard]] std::vector<bool> sink_tokens(std::span<const double> sizes);

}  // namespace tugline
