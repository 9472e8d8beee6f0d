// Response against the distance from the push: the rows of a readout by how many tokens they are behind the token that was pushed. The same
// estimator as stats/curves, row by row.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "tugline/stats/curves.h"
#include "tugline/store/records.h"

namespace tugline {

struct DistancePoint {
  int64_t distance = 0;  // readout row less pushed position, in tokens
  CurvePoint point = {};
};

// Collects units one by one. A point's spans are those that have a row at its distance: with texts and spans of different lengths there
// are fewer of them the farther it is.
class DistanceBuilder {
 public:
  // `unit` with its key, position and rows; `responses` with one value a row.
  void add(const UnitRecord& unit, std::span<const ResponseRecord> responses);

  // Sorted by span kind, layer, set of directions, epsilon, distance. `d_model` as for CurveBuilder.
  [[nodiscard]] std::vector<DistancePoint> build(std::optional<int64_t> d_model) const;

 private:
  std::map<int64_t, CurveBuilder> at_distance_;
};

}  // namespace tugline
