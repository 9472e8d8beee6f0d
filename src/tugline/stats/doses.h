// The doses of a run: for each curve of a layer the epsilon at which it reaches a target, with its interval by the nested bootstrap.
// docs/statistics.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/stats/dose.h"
#include "tugline/stats/nested_bootstrap.h"
#include "tugline/stats/response_grid.h"

namespace tugline {

// What a curve is the mean of.
enum class DoseCurve {
  kAll,        // the directions and spans of a kind
  kDirection,  // the spans of a kind, for one direction: for directions that are the same at every span
  kSpan,       // the directions at one span
  kPush,       // nothing: one direction at one span
};

struct DoseOptions {
  double target = 0;  // > 0, in the unit of the grid's responses
  DoseCurve curve = DoseCurve::kAll;
  BootstrapOptions bootstrap = {};
};

struct DoseRow {
  std::string span_kind = {};
  int32_t layer = 0;
  DirectionSet set = DirectionSet::kMain;
  std::optional<int64_t> example = {};    // of kSpan and kPush
  std::optional<int64_t> chunk = {};      // likewise
  std::optional<int32_t> direction = {};  // of kDirection and kPush: its number
  DoseSide side = DoseSide::kPositive;
  Dose dose = {};
  // Of |epsilon|, over the resamples. An end is absent if it is beyond the measured epsilons.
  PercentileInterval interval = {};
  double resamples_beyond = 0;  // the share of resamples that do not reach the target
  int64_t spans = 0;
  int64_t examples = 0;
  int64_t directions = 0;
};

// The doses of a grid of one layer. `set` is the directions'. Sorted by span kind, then as the curves are:
// by example and chunk, by direction; the positive side first. A side without an epsilon has no rows.
[[nodiscard]] std::vector<DoseRow> doses_of(const ResponseGrid& grid, DirectionSet set,
                                            const DoseOptions& options);

}  // namespace tugline
