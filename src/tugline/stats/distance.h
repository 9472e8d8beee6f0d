// The response as a function of the distance from the push: how many tokens a readout row is after the pushed
// token. Each distance has the estimator of stats/curves.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "tugline/core/measures.h"
#include "tugline/stats/curves.h"
#include "tugline/store/records.h"

namespace tugline {

// kEach: every distance by itself. kDoubling: 1, 2, 3 to 4, 5 to 8, 9 to 16 ... together, and each distance
// below 1 by itself.
enum class DistanceBins { kEach, kDoubling };

struct DistancePoint {
  int64_t distance = 0;       // readout row minus pushed position, in tokens; of a bin the first
  int64_t last_distance = 0;  // the same, except of a bin
  CurvePoint point = {};
};

// Collects units one by one. A point is about the spans that have a row at its distance; of a bin, about the
// means of each span's rows in it. If texts and spans differ in length, there are fewer of them at larger
// distances.
class DistanceBuilder {
 public:
  // `measure`: the place in kMeasures of what is averaged, one that has a mean.
  explicit DistanceBuilder(DistanceBins bins = DistanceBins::kEach, size_t measure = kKl)
      : bins_(bins), measure_(measure) {}

  // `unit` needs its key, position, rows and their tokens; each of `responses` has one value per row, or none
  // at all.
  void add(const UnitRecord& unit, std::span<const ResponseRecord> responses);

  // Sorted by span kind, layer, set of directions, epsilon, distance. `d_model` as for CurveBuilder.
  [[nodiscard]] std::vector<DistancePoint> build(std::optional<int64_t> d_model) const;

 private:
  struct Bin {
    int64_t first = 0;
    int64_t last = 0;
    auto operator<=>(const Bin&) const = default;
  };
  [[nodiscard]] Bin bin_of(int64_t distance) const;

  DistanceBins bins_;
  size_t measure_;
  std::map<Bin, CurveBuilder> at_distance_;
};

}  // namespace tugline
