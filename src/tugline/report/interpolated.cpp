#include "tugline/report/interpolated.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/stats/response_curve.h"
#include "tugline/stats/response_grid.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

using Visit = std::function<void(std::span<const Cell>)>;

std::vector<double> requested_grid(const RunStore& store) {
  const Provenance meta = store.meta();
  const auto found = meta.find(field::kEpsilonsRequested);
  const std::optional<PushGrid> grid = found == meta.end() ? std::nullopt : parse_grid("0", found->second);
  if (!grid)
    fail(ErrorCode::kUsage, "{}: the run was not swept with nodes, so all its epsilons are measured",
         store.path().string());
  return grid->epsilons;
}

// Of one layer and set, the mean curve of one kind.
void visit_curve(const ResponseGrid& grid, DirectionSet set, const std::string& kind,
                 const std::vector<double>& requested, const Visit& visit) {
  std::vector<double> mean(grid.points(), 0.0);
  int64_t spans = 0;
  for (const GridSpan& span : grid.spans) {
    if (span.key.span_kind != kind) continue;
    const std::vector<double> curve = grid.mean_curve(span);
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += curve[i];
    ++spans;
  }
  for (double& value : mean) value /= static_cast<double>(spans);
  const ResponseCurve curve(grid.epsilons, mean);
  if (curve.points() == 0) return;
  for (const double epsilon : requested) {
    if (epsilon == 0 || std::ranges::find(grid.epsilons, epsilon) != grid.epsilons.end()) continue;
    const double value = curve.at(epsilon);
    const std::optional<double> error = curve.relative_error(epsilon);
    visit(std::vector<Cell>{kind, int64_t{grid.layers.front()}, int64_t{set == DirectionSet::kNull ? 1 : 0},
                            grid.measure.name, epsilon, value,
                            error ? Cell(value * *error) : Cell(std::monostate{}),
                            static_cast<int64_t>(curve.points()), spans, int64_t{grid.directions}});
  }
}

}  // namespace

void for_each_interpolated(const RunStore& store, const Visit& visit) {
  const std::vector<double> requested = requested_grid(store);
  std::map<std::pair<int32_t, DirectionSet>, std::vector<ResponseGridBuilder>> builders;
  std::vector<ResponseMeasure> measures;
  for (const ResponseMeasure& measure : response_measures())
    if (measure.is_divergence && measure.is_quadratic) measures.push_back(measure);
  for (const UnitRecord& unit : store.units()) {
    std::map<DirectionSet, std::vector<ResponseRecord>> sets;
    for (ResponseRecord& response : store.responses(unit.key, RowValues::kSkip))
      sets[response.set].push_back(std::move(response));
    for (const auto& [set, responses] : sets) {
      std::vector<ResponseGridBuilder>& of_place = builders[{unit.key.layer, set}];
      if (of_place.empty())
        for (const ResponseMeasure& measure : measures) of_place.emplace_back(measure);
      for (ResponseGridBuilder& builder : of_place) builder.add(unit, responses);
    }
  }
  for (const auto& [place, of_place] : builders)
    for (const ResponseGridBuilder& builder : of_place) {
      const ResponseGrid grid = builder.build();
      for (const std::string& kind : grid.span_kinds())
        visit_curve(grid, place.second, kind, requested, visit);
    }
}

}  // namespace tugline
