#include "tugline/report/gaps.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>
#include <utility>

#include "tugline/core/plural.h"
#include "tugline/store/unit_rows.h"

namespace tugline {
namespace {

struct Unit {
  UnitParts parts;
  bool needs_no_pushes = false;  // a control at a sink token
};
using Spans = std::map<UnitKey, Unit>;  // one layer's; the keys' layer is 0

struct Lacking {
  int64_t spans = 0;
  std::set<int32_t> directions;
  std::set<double> epsilons;
};

PushGrid all_pushes(const Spans& spans) {
  std::set<int32_t> directions;
  std::set<double> epsilons;
  for (const auto& [key, unit] : spans)
    for (const MeasuredPart& part : unit.parts) {
      directions.insert(part.grid.directions.begin(), part.grid.directions.end());
      epsilons.insert(part.grid.epsilons.begin(), part.grid.epsilons.end());
    }
  return {{directions.begin(), directions.end()}, {epsilons.begin(), epsilons.end()}};
}

std::string sentence(const std::string& where, const Lacking& lacking, size_t spans, size_t directions) {
  const std::string which = lacking.directions.size() == directions
                                ? "every direction"
                                : fmt::format("direction {}", fmt::join(lacking.directions, ", "));
  return fmt::format("{}: {} of {} lack {} at epsilon {}, which others have", where, lacking.spans,
                     counted(static_cast<int64_t>(spans), "span"), which, fmt::join(lacking.epsilons, ", "));
}

// What spans lack of the pushes that some span of their kind and layer has.
Lacking lacking_pushes(const Spans& spans, const PushGrid& wanted) {
  Lacking lacking;
  for (const auto& [key, unit] : spans) {
    if (unit.needs_no_pushes) continue;
    const std::vector<PushGrid> missing = missing_grids(wanted, unit.parts);
    lacking.spans += missing.empty() ? 0 : 1;
    for (const PushGrid& grid : missing) {
      lacking.directions.insert(grid.directions.begin(), grid.directions.end());
      lacking.epsilons.insert(grid.epsilons.begin(), grid.epsilons.end());
    }
  }
  return lacking;
}

}  // namespace

std::vector<std::string> gaps_of(const RunStore& store) {
  std::map<std::pair<std::string, int32_t>, Spans> layers;  // by kind and layer
  std::map<std::string, std::set<UnitKey>> spans_of_kind;
  for (const StoredPart& row : store.stored_parts()) {
    UnitKey span = row.record.key;
    span.layer = 0;
    spans_of_kind[span.span_kind].insert(span);
    Unit& unit = layers[{span.span_kind, row.record.key.layer}][span];
    if (row.audit_of) continue;
    unit.parts.push_back({.grid = row.grid});
    unit.needs_no_pushes = row.grid.size() == 0;
  }
  std::vector<std::string> gaps;
  for (const auto& [place, spans] : layers) {
    const std::string where = fmt::format("{}, layer {}", place.first, place.second);
    const size_t all = spans_of_kind.at(place.first).size();
    if (spans.size() < all)
      gaps.push_back(fmt::format("{}: {} of {} are not measured", where, all - spans.size(),
                                 counted(static_cast<int64_t>(all), "span")));
    const PushGrid wanted = all_pushes(spans);
    const Lacking lacking = lacking_pushes(spans, wanted);
    if (lacking.spans > 0) gaps.push_back(sentence(where, lacking, spans.size(), wanted.directions.size()));
  }
  return gaps;
}

}  // namespace tugline
