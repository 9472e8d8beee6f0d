// The doses of a run: for each curve of a layer the epsilon at which it reaches a target, with its interval
// by the nested bootstrap. docs/statistics.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/stats/dose.h"
#include "tugline/stats/nested_bootstrap.h"
#include "tugline/stats/response_grid.h"
#include "tugline/stats/tangent.h"

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
  bool tangents = false;
  BootstrapOptions bootstrap = {};  // with 0 resamples no row has an interval
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
  // |epsilon|'s, over the resamples. An end is absent if it is beyond the measured epsilons.
  PercentileInterval interval = {};
  double resamples_beyond = 0;          // the share of resamples that do not reach the target
  std::optional<Tangent> tangent = {};  // if it is asked for, and the curve is not 0
  int64_t spans = 0;
  int64_t examples = 0;
  int64_t directions = 0;
};

// The effective rank of F at the spans of one kind and layer.
struct RankRow {
  std::string span_kind = {};
  int32_t layer = 0;
  int64_t dimensions = 0;  // of the sphere from which directions are drawn
  EffectiveRank rank = {};
};

// The doses of a grid of one layer. `set` is the directions'. Sorted by span kind, then as the curves are:
// by example and chunk, by direction; the positive side first. A side without an epsilon has no rows.
[[nodiscard]] std::vector<DoseRow> doses_of(const ResponseGrid& grid, DirectionSet set,
                                            const DoseOptions& options);

// `grid` has one layer, and its directions are independent and uniform on a sphere of `dimensions`
// dimensions. Rows are sorted by span kind. Kinds without two directions have no row.
[[nodiscard]] std::vector<RankRow> effective_ranks(const ResponseGrid& grid, int64_t dimensions);

}  // namespace tugline
