// A push's KL as one number: the mean over its readout rows, their 95 % quantile, or the pushed token's own
// row.
#pragma once

#include <optional>

#include "tugline/store/records.h"

namespace tugline {

enum class RowStatistic { kMean, kP95, kOwnRow };

// No value if the own row is not read. kP95 needs the response's rows.
[[nodiscard]] std::optional<double> kl_statistic(const ResponseRecord& response, RowStatistic statistic);

}  // namespace tugline
