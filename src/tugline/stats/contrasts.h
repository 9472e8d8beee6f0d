// Paired contrasts: the anchor against the other spans of the same example, and one layer against another at
// the same spans. Pairing removes what the two sides share, such as a text's difficulty. docs/statistics.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tugline/stats/intervals.h"
#include "tugline/stats/kind_bootstrap.h"
#include "tugline/stats/nested_bootstrap.h"
#include "tugline/stats/response_grid.h"

namespace tugline {

// The span kind with which the others are compared.
inline constexpr const char* kAnchorKind = "anchor";

// The first side minus the other, at one epsilon.
struct Contrast {
  std::string span_kind = {};     // of the first side
  std::string against_kind = {};  // of the other; the same if layers are compared
  int32_t layer = 0;
  int32_t against_layer = 0;
  double epsilon = 0;
  MeanEstimate difference = {};            // of the paired differences, nats; t interval
  PercentileInterval bootstrap = {};       // of the same difference
  std::optional<double> ratio = {};        // first mean over the other; absent if that is 0
  PercentileInterval ratio_interval = {};  // bootstrap
  PercentileInterval ratio_t =
      {};  // by t (Fieller): contains 1 exactly if `p_value` is above 1 - kConfidence
  std::optional<double> p_value = {};  // of difference 0, by t
  int64_t pairs = 0;                   // examples if kinds are compared, spans if layers are
  int64_t larger = 0;                  // pairs whose first side is the larger
  double first = 0;                    // the two means
  double second = 0;
  double rows = 0;           // readout rows of a span of the first side, averaged as the means are
  double against_rows = 0;   // likewise of the other
  std::string measure = {};  // ResponseMeasure::name
};

// Whether the first side is larger or smaller at the level 1 - kConfidence, by the p-value and, what is the
// same, the t intervals.
enum class Verdict {
  kLarger,
  kSmaller,
  kUnclear,
  kUnknown,    // too few pairs for an interval
  kIdentical,  // every pair has the same difference, mostly 0
};
[[nodiscard]] Verdict verdict_of(const Contrast& contrast);

// One example's two sides at one layer and epsilon: the mean of its anchors, and of its other spans as
// kind_contrasts compares them.
struct AnchorPair {
  int64_t example = 0;
  double anchor = 0;
  double other = 0;
};
// By example; only those that have both sides. `point`: ResponseGrid::point.
[[nodiscard]] std::vector<AnchorPair> anchor_pairs(const ResponseGrid& grid, const std::string& kind,
                                                   size_t point);

// "anchor" against each other kind, over the examples that have both: the anchor's mean minus the mean of the
// other spans of that example. Each example has the same weight. A span at the anchor's own place, such as
// its chunk, is left out. Empty if the run has no such pair.
[[nodiscard]] std::vector<Contrast> kind_contrasts(const ResponseGrid& grid, const BootstrapOptions& options);
// The same without the bootstrap's intervals.
[[nodiscard]] std::vector<Contrast> kind_contrasts(const ResponseGrid& grid);

// Every pair of layers, the lower one first, over all spans of each kind. Each span has the same weight.
[[nodiscard]] std::vector<Contrast> layer_contrasts(const ResponseGrid& grid, const KindBootstrap& bootstrap);

}  // namespace tugline
