#include "tugline/api/dose.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "tugline/api/warn.h"
#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/run_view.h"
#include "tugline/stats/row_statistic.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

constexpr std::array<std::pair<const char*, RowStatistic>, 3> kStatistics{
    {{"mean", RowStatistic::kMean}, {"p95", RowStatistic::kP95}, {"own-row", RowStatistic::kOwnRow}}};
constexpr std::array<std::pair<const char*, DoseCurve>, 4> kCurves{{{"layer", DoseCurve::kAll},
                                                                    {"direction", DoseCurve::kDirection},
                                                                    {"span", DoseCurve::kSpan},
                                                                    {"push", DoseCurve::kPush}}};

template <typename Value, size_t n>
Value value_of(const std::array<std::pair<const char*, Value>, n>& values, const std::string& name,
               const char* setting) {
  std::vector<std::string> names;
  for (const auto& [known, value] : values) {
    if (name == known) return value;
    names.emplace_back(known);
  }
  refuse(setting, "'{}' is not one of {}", name, fmt::join(names, ", "));
}

std::string identity_field(const RunStore& store, const char* name) {
  const RunIdentity identity = store.identity();
  const auto found = identity.fields.find(name);
  return found == identity.fields.end() ? std::string() : found->second;
}

// Vectors of a file and principal components are the same at every span of a layer.
bool has_common_directions(const RunStore& store) {
  const std::string source = identity_field(store, field::kDirectionFamily);
  return source.starts_with("file") || source == "principal";
}

DoseCurve curve_of(const RunStore& store, const std::string& by) {
  const bool is_common = has_common_directions(store);
  if (by.empty()) return is_common ? DoseCurve::kDirection : DoseCurve::kAll;
  const DoseCurve curve = value_of(kCurves, by, "by");
  if (curve == DoseCurve::kDirection && !is_common)
    refuse(
        "by",
        "the run's random directions differ from span to span, so that a direction has no curve over spans; "
        "ask for 'layer', 'span' or 'push'");
  if (curve == DoseCurve::kPush && identity_field(store, field::kDirectionSharing) == "independent")
    refuse(
        "by",
        "the run drew other directions at each epsilon, so that no direction has a curve; ask for 'layer' or "
        "'span'");
  return curve;
}

DoseOptions options_of(const RunStore& store, const DoseSettings& settings) {
  if (!(settings.kl > 0) || !std::isfinite(settings.kl))
    refuse("kl", "{} is not a positive number of nats", settings.kl);
  if (settings.resamples < 100 || settings.resamples > 1'000'000)
    refuse("resamples", "{} is not from 100 to 1000000", settings.resamples);
  return {.target = settings.kl,
          .curve = curve_of(store, settings.by),
          .bootstrap = {.resamples = settings.resamples, .seed = settings.seed}};
}

// The units' responses, by layer and set of directions; `kl` of each is the statistic.
using Grids = std::map<std::pair<int32_t, DirectionSet>, ResponseGridBuilder>;

void add_unit(const RunStore& store, const UnitRecord& unit, RowStatistic statistic, Grids& grids) {
  std::map<DirectionSet, std::vector<ResponseRecord>> sets;
  sets[DirectionSet::kMain];  // a unit without pushes counts too
  const RowValues rows = statistic == RowStatistic::kP95 ? RowValues::kRead : RowValues::kSkip;
  for (ResponseRecord& response : store.responses(unit.key, rows)) {
    response.means[kKl] = kl_statistic(response, statistic);
    if (!response.means[kKl])
      refuse("statistic",
             "the readout '{}' does not read the pushed token's own row; ask for 'mean' or 'p95'",
             identity_field(store, field::kReadout));
    response.rows = {};
    sets[response.set].push_back(std::move(response));
  }
  for (const auto& [set, responses] : sets) grids[{unit.key.layer, set}].add(unit, responses);
}

std::string curve_name(const DoseRow& row) {
  std::string name = fmt::format("{}, layer {}", row.span_kind, row.layer);
  if (row.example) name += fmt::format(", example {}", *row.example);
  if (row.direction) name += fmt::format(", direction {}", *row.direction);
  return name;
}

void check_reached(const std::vector<DoseRow>& rows, double target) {
  if (std::any_of(rows.begin(), rows.end(),
                  [](const DoseRow& row) { return row.dose.place != Dose::Place::kBeyond; }))
    return;
  std::vector<const DoseRow*> sorted;
  for (const DoseRow& row : rows) sorted.push_back(&row);
  std::stable_sort(sorted.begin(), sorted.end(), [](const DoseRow* a, const DoseRow* b) {
    return a->dose.largest_response > b->dose.largest_response;
  });
  constexpr size_t kMost = 4;
  std::vector<std::string> largest;
  for (size_t i = 0; i < std::min(kMost, sorted.size()); ++i)
    largest.push_back(fmt::format("{:.4g} at epsilon {:g} ({})", sorted[i]->dose.largest_response,
                                  sorted[i]->dose.largest_epsilon, curve_name(*sorted[i])));
  refuse("kl",
         "no curve reaches {:g} nats. The largest of {}: {}{}; sweep larger epsilons, or give a smaller "
         "target",
         target, counted(std::ssize(rows), "curve"), fmt::join(largest, ", "),
         sorted.size() > kMost ? ", ..." : "");
}

}  // namespace

DoseReport doses_in(const RunStore& store, const DoseSettings& settings, const Watch& watch) {
  const DoseOptions options = options_of(store, settings);
  const RowStatistic statistic = value_of(kStatistics, settings.statistic, "statistic");
  Grids grids;
  for (const UnitRecord& unit : store.units()) add_unit(store, unit, statistic, grids);
  DoseReport report{.target = settings.kl, .statistic = settings.statistic};
  if (identity_field(store, field::kPush) != "interpolation") report.width = width_of(store);
  for (const auto& [at, builder] : grids) {
    const auto& [layer, set] = at;
    const ResponseGrid grid = builder.build();
    if (!grid.incomplete.empty() && set == DirectionSet::kMain)
      warn(watch, fmt::format("layer {}: {} lack some of the layer's pushes, and are left out", layer,
                              counted(std::ssize(grid.incomplete), "span")));
    DoseOptions of_set = options;
    if (set == DirectionSet::kNull && of_set.curve == DoseCurve::kDirection) of_set.curve = DoseCurve::kAll;
    std::ranges::move(doses_of(grid, set, of_set), std::back_inserter(report.doses));
  }
  if (report.doses.empty())
    fail(ErrorCode::kNothingToMeasure,
         "{}: no span has all pushes of its layer, and an epsilon that is not 0; sweep some",
         store.path().string());
  std::stable_sort(report.doses.begin(), report.doses.end(), [](const DoseRow& a, const DoseRow& b) {
    return std::tie(a.span_kind, a.layer) < std::tie(b.span_kind, b.layer);
  });
  check_reached(report.doses, settings.kl);
  return report;
}

}  // namespace tugline
