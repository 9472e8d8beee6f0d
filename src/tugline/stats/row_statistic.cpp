#include "tugline/stats/row_statistic.h"

#include <array>
#include <cassert>

#include "tugline/stats/quantile.h"

namespace tugline {

std::optional<double> kl_statistic(const ResponseRecord& response, RowStatistic statistic) {
  constexpr std::array kLevel{0.95};
  switch (statistic) {
    case RowStatistic::kMean:
      return response.kl();
    case RowStatistic::kOwnRow:
      return response.kl_own_row;
    case RowStatistic::kP95:
      assert(!response.rows[kKl].empty());
      return quantiles(response.rows[kKl], kLevel).front();
  }
  return std::nullopt;
}

}  // namespace tugline
