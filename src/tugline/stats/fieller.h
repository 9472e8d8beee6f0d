// Fieller's interval for a ratio of two means over spans (Some problems in interval estimation, Journal of
// the Royal Statistical Society B 16, 1954).
#pragma once

#include <span>

#include "tugline/stats/intervals.h"
#include "tugline/stats/nested_bootstrap.h"

namespace tugline {

// The ratios rho for which the mean of first - rho second does not differ from 0 by Student's t. `difference`
// is the estimate of first minus second. Without ends if the second mean is not clear of 0, so that the
// ratios have no bound.
[[nodiscard]] PercentileInterval fieller_interval(const MeanEstimate& first, const MeanEstimate& second,
                                                  const MeanEstimate& difference);

// The same of values by span, sorted by cluster; value i of both is about the same span.
[[nodiscard]] PercentileInterval ratio_interval(std::span<const ClusteredValue> first,
                                                std::span<const ClusteredValue> second);

}  // namespace tugline
