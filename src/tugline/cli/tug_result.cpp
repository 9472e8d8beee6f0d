#include "tugline/cli/tug_result.h"

namespace tugline {

int64_t token_of_row(const ReadoutChoice& readout, int64_t row) {
  return readout.kind == ReadoutKind::kPredicting ? row + 1 : row;
}

std::string bytes_of_token(const TugResult& result, int32_t token) {
  const auto found = result.token_text.find(token);
  return found == result.token_text.end() ? std::string() : found->second;
}

std::vector<MovedToken> moved_in_row(const ResponseRecord& response, size_t measure, size_t row,
                                     size_t rows) {
  const std::vector<double>& numbers = response.rows[measure];
  const size_t each = numbers.size() / rows;
  std::vector<MovedToken> list;
  for (size_t i = row * each; i < (row + 1) * each; i += 2)
    if (numbers[i] >= 0) list.push_back({static_cast<int32_t>(numbers[i]), numbers[i + 1]});
  return list;
}

std::vector<double> row_means(const UnitMeasurement& unit, double epsilon) {
  std::vector<double> means(unit.rows.size());
  double directions = 0;
  for (const ResponseRecord& response : unit.responses) {
    if (response.epsilon != epsilon || response.set != DirectionSet::kMain) continue;
    ++directions;
    for (size_t i = 0; i < means.size(); ++i) means[i] += response.rows[kKl][i];
  }
  for (double& mean : means) mean /= directions;
  return means;
}

}  // namespace tugline
