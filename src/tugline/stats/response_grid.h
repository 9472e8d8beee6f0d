// The responses of a run as one regular array, spans x directions x layers x epsilons. Resampling, fits and
// contrasts work on it. Units may be collected in any order, which does not change the array.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tugline/stats/response_measure.h"
#include "tugline/store/records.h"

namespace tugline {

// The span that a unit measures: its key without the layer.
[[nodiscard]] UnitKey span_of(UnitKey unit);

struct GridSpan {
  UnitKey key = {};  // its layer is not used
  TokenRange tokens = {};
  int64_t position = 0;             // of the push
  size_t rows = 0;                  // that are read; of the layer that has the fewest
  std::vector<double> values = {};  // [directions, layers, epsilons], in the measure's unit
};

struct ResponseGrid {
  ResponseMeasure measure = response_measures().front();
  std::vector<int32_t> layers = {};   // ascending
  std::vector<double> epsilons = {};  // ascending
  int32_t directions = 0;
  std::vector<int32_t> direction_numbers = {};  // ascending, one for each direction
  std::vector<GridSpan> spans = {};             // sorted by key: example, span kind, chunk
  // Epsilons, and the number of directions, that some layer has and another lacks: left out of all
  // statistics.
  std::vector<double> epsilons_left_out = {};
  int32_t directions_left_out = 0;
  // Spans that are left out of all statistics, sorted: `incomplete` lack a layer or a push; `at_sinks` are
  // controls that were not measured at some layer, because their push would land on a sink token there.
  std::vector<UnitKey> incomplete = {};
  std::vector<UnitKey> at_sinks = {};
  // Spans that were measured and have no value of the measure at some layer, as a span has no own row if its
  // pushed token's is not read.
  std::vector<UnitKey> without_measure = {};

  [[nodiscard]] size_t points() const { return layers.size() * epsilons.size(); }
  // Index of (layer, epsilon) in a span's [layers, epsilons].
  [[nodiscard]] size_t point(size_t layer, size_t epsilon) const { return layer * epsilons.size() + epsilon; }
  [[nodiscard]] std::vector<std::string> span_kinds() const;  // sorted, of complete spans

  // Mean over the directions, in their order: [layers, epsilons].
  [[nodiscard]] std::vector<double> mean_curve(const GridSpan& span) const;
  // One value for each direction.
  [[nodiscard]] std::vector<double> over_directions(const GridSpan& span, size_t point) const;
};

class ResponseGridBuilder {
 public:
  explicit ResponseGridBuilder(ResponseMeasure measure = response_measures().front())
      : measure_(std::move(measure)) {}
  // `responses` are the unit's; those in `unit` itself are not used. One without a value of the measure
  // counts as missing.
  void add(const UnitRecord& unit, std::span<const ResponseRecord> responses);
  // Adds the units of another builder of the same measure, which has none of this one's.
  void append(ResponseGridBuilder other);
  // The grid of every layer that any unit has, and the epsilons and directions that every layer has at some
  // span.
  [[nodiscard]] ResponseGrid build() const;

 private:
  struct Unit {
    TokenRange tokens = {};
    int64_t position = 0;
    size_t rows = 0;
    bool is_unmeasured_sink = false;
    bool lacks_measure = false;
    std::map<std::pair<int32_t, double>, double> values = {};  // direction, epsilon
  };
  // False if the span lacks a layer, or a push of the grid; `numbers` are the directions'.
  [[nodiscard]] bool fill(const std::map<int32_t, Unit>& layers, const std::vector<int32_t>& numbers,
                          const ResponseGrid& grid, GridSpan& span) const;

  ResponseMeasure measure_;
  std::map<UnitKey, std::map<int32_t, Unit>> spans_;  // then by layer
};

}  // namespace tugline
