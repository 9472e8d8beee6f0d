#include "tugline/report/measured_curves.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>
#include <sstream>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/store/unit_readers.h"

namespace tugline {
namespace {

std::optional<int64_t> width_for(const RunView& view) {
  return view.epsilon_is_fraction() ? std::nullopt : std::optional(view.d_model);
}

[[noreturn]] void refuse_measure(const RunStore& store, const ResponseMeasure& measure) {
  std::set<std::string> names;
  for (const UnitKey& key : store.unit_keys())
    for (const ResponseRecord& response : store.responses(key, RowValues::kSkip))
      for (const std::string& name : names_of_measures_in(response)) names.insert(name);
  refuse("measure", "the run has no value of {}; it has {}", measure.name, fmt::join(names, ", "));
}

// The word of a sweep's spans is a kind's name, too: "chunks" is chunk.
std::string singular(const std::string& kind) {
  return kind == "anchors" || kind == "chunks" ? kind.substr(0, kind.size() - 1) : kind;
}

}  // namespace

std::vector<ResponseRecord> with_measure(std::vector<ResponseRecord> responses, size_t rows,
                                         const ResponseMeasure& measure) {
  if (measure.name == "kl") return responses;
  for (ResponseRecord& response : responses) response.means[kKl] = measure.value(response, rows);
  std::erase_if(responses, [](const ResponseRecord& response) { return !response.means[kKl]; });
  return responses;
}

namespace {

// Calls use(key, responses) for each unit; the measure's values are in the place of the KL.
void for_each_measured(const RunStore& store, const ResponseMeasure& measure,
                       const std::function<void(const UnitKey&, std::vector<ResponseRecord>)>& use) {
  for_each_unit(store, store.units(), RowValues::kSkip,
                [&](const UnitRecord& unit, std::vector<ResponseRecord> responses) {
                  use(unit.key, with_measure(std::move(responses), unit.measured.rows.size(), measure));
                });
}

}  // namespace

std::vector<CurvePoint> measured_curves(const RunStore& store, const RunView& view,
                                        const ResponseMeasure& measure) {
  if (measure.name == "kl") return view.curves;
  CurveBuilder builder(NullRange::kYes);
  for_each_measured(store, measure, [&](const UnitKey& key, const std::vector<ResponseRecord>& responses) {
    builder.add(key, responses);
  });
  std::vector<CurvePoint> points = builder.build(width_for(view));
  if (points.empty() && !view.curves.empty()) refuse_measure(store, measure);
  return points;
}

std::map<int64_t, std::vector<CurvePoint>> curves_by_example(const RunStore& store,
                                                             const ResponseMeasure& measure) {
  std::map<int64_t, CurveBuilder> builders;
  for_each_measured(store, measure, [&](const UnitKey& key, const std::vector<ResponseRecord>& responses) {
    builders[key.example].add(key, responses);
  });
  std::map<int64_t, std::vector<CurvePoint>> curves;
  for (const auto& [example, builder] : builders) curves[example] = builder.build(std::nullopt);
  return curves;
}

std::map<int32_t, std::vector<CurvePoint>> curves_by_direction(const RunStore& store,
                                                               const ResponseMeasure& measure) {
  std::map<int32_t, CurveBuilder> builders;
  for_each_measured(store, measure, [&](const UnitKey& key, std::vector<ResponseRecord> all) {
    std::map<int32_t, std::vector<ResponseRecord>> of_unit;
    for (ResponseRecord& response : all)
      if (response.set == DirectionSet::kMain) of_unit[response.direction].push_back(std::move(response));
    for (const auto& [direction, responses] : of_unit) builders[direction].add(key, responses);
  });
  std::map<int32_t, std::vector<CurvePoint>> curves;
  for (const auto& [direction, builder] : builders) curves[direction] = builder.build(std::nullopt);
  return curves;
}

std::vector<std::string> span_kinds_to_draw(const RunView& view, const std::string& wanted) {
  std::set<std::string> kinds;
  for (const CurvePoint& point : view.curves) kinds.insert(point.span_kind);
  if (kinds.empty()) fail(ErrorCode::kNothingToMeasure, "the run has nothing to draw: no unit is measured");
  if (wanted.empty()) return {*kinds.begin()};  // "anchor" sorts before "chunk"
  if (wanted == "all") return {kinds.begin(), kinds.end()};
  std::vector<std::string> chosen;
  std::istringstream list(wanted);
  for (std::string kind; std::getline(list, kind, ',');) {
    kind = singular(kind);
    if (!kinds.contains(kind))
      refuse("spans", "the run has none of kind \"{}\"; it has {}", excerpt(kind, 40),
             fmt::join(kinds, ", "));
    if (std::find(chosen.begin(), chosen.end(), kind) == chosen.end()) chosen.push_back(kind);
  }
  if (chosen.empty()) refuse("spans", "names no kind of span; the run has {}", fmt::join(kinds, ", "));
  return chosen;
}

}  // namespace tugline
