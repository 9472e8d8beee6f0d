#include "tugline/api/dose.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "tugline/api/named_value.h"
#include "tugline/api/warn.h"
#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/run_view.h"
#include "tugline/stats/row_statistic.h"
#include "tugline/store/field_names.h"
#include "tugline/store/identity_field.h"

namespace tugline {
namespace {

constexpr std::array<std::pair<const char*, RowStatistic>, 3> kStatistics{
    {{"mean", RowStatistic::kMean}, {"p95", RowStatistic::kP95}, {"own-row", RowStatistic::kOwnRow}}};
constexpr std::array<std::pair<const char*, DoseCurve>, 4> kCurves{{{"layer", DoseCurve::kAll},
                                                                    {"direction", DoseCurve::kDirection},
                                                                    {"span", DoseCurve::kSpan},
                                                                    {"push", DoseCurve::kPush}}};

// Vectors of a file and principal components are the same at every span of a layer.
bool has_common_directions(const RunStore& store) {
  const std::string source = identity_field(store.identity(), field::kDirectionFamily);
  return source.starts_with("file") || source == "principal";
}

DoseCurve curve_of(const RunStore& store, const std::string& by) {
  const bool is_common = has_common_directions(store);
  if (by.empty()) return is_common ? DoseCurve::kDirection : DoseCurve::kAll;
  const DoseCurve curve = named_value("by", by, kCurves);
  if (curve == DoseCurve::kDirection && !is_common)
    refuse(
        "by",
        "the run's random directions differ from span to span, so that a direction has no curve over spans; "
        "ask for 'layer', 'span' or 'push'");
  if (curve == DoseCurve::kPush &&
      identity_field(store.identity(), field::kDirectionSharing) == "independent")
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
          .tangents = settings.tangents,
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
             identity_field(store.identity(), field::kReadout));
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

// The dimensions of the sphere on which the run's random directions are uniform, or why they are not.
struct Sphere {
  int64_t dimensions = 0;
  std::string why_none = {};
};

Sphere sphere_of(const RunStore& store) {
  const std::string family = identity_field(store.identity(), field::kDirectionFamily);
  const std::string orthogonal = identity_field(store.identity(), field::kOrthogonalTo);
  const std::string push = identity_field(store.identity(), field::kPush);
  const bool is_of_every_token = identity_field(store.identity(), field::kAt) == "every";
  const bool is_off_residual = orthogonal == "residual" || push == "rotation";
  const int64_t width = width_of(store);
  if (family == "mean-centred" && orthogonal == "nothing" && push == "additive") return {width - 1};
  if (family != "isotropic")
    return {0, fmt::format("directions of '{}' are not uniform on a sphere", family)};
  if (push == "interpolation" || orthogonal.starts_with("file"))
    return {0, "it needs directions that are uniform on a sphere of known dimensions"};
  if (is_off_residual && is_of_every_token)
    return {0, "each token has directions of its own, orthogonal to its residual"};
  return {is_off_residual ? width - 1 : width};
}

// From both sides of 0, if the run's kind of push has them.
std::vector<double> tangent_epsilons(const RunStore& store) {
  if (identity_field(store.identity(), field::kPush) == "interpolation")
    return {kTangentEpsilon, 2 * kTangentEpsilon};
  return {-kTangentEpsilon, kTangentEpsilon};
}

// Some of the sizes, none of them close to another.
std::vector<double> apart(std::vector<double> epsilons) {
  constexpr double kClosest = 0.02;  // relative
  constexpr size_t kMost = 6;
  std::sort(epsilons.begin(), epsilons.end());
  std::vector<double> kept;
  for (const double epsilon : epsilons)
    if (kept.empty() || epsilon - kept.back() > kClosest * std::abs(epsilon)) kept.push_back(epsilon);
  if (kept.size() <= kMost) return kept;
  std::vector<double> some;
  for (size_t i = 0; i < kMost; ++i) some.push_back(kept[i * (kept.size() - 1) / (kMost - 1)]);
  return some;
}

class DoseFinder {
 public:
  DoseFinder(const RunStore& store, const DoseSettings& settings, FurtherPushes* further, const Watch& watch)
      : store_(store),
        settings_(settings),
        options_(options_of(store, settings)),
        statistic_(named_value("statistic", settings.statistic, kStatistics)),
        further_(further),
        watch_(watch) {
    for (const UnitRecord& unit : store.units()) add_unit(store, unit, statistic_, stored_);
    build();
  }

  DoseReport find() {
    check_reached(rows_without_intervals(), settings_.kl);
    if (settings_.tangents) measure_tangents();
    if (settings_.refine) refine();
    warn_of_left_out();
    DoseReport report{.target = settings_.kl, .statistic = settings_.statistic};
    if (identity_field(store_.identity(), field::kPush) != "interpolation") report.width = width_of(store_);
    report.doses = rows(options_);
    if (settings_.tangents) add_ranks(report);
    return report;
  }

 private:
  using Place = std::pair<int32_t, DirectionSet>;

  // The curves of the run, with what was pushed further.
  void build() {
    Grids builders = stored_;
    if (further_ != nullptr)
      if (const std::optional<RunStore> pushes = further_->store())
        for (const UnitRecord& unit : pushes->units()) add_unit(*pushes, unit, statistic_, builders);
    grids_.clear();
    for (const auto& [place, builder] : builders) grids_.emplace(place, builder.build());
  }

  [[nodiscard]] std::vector<DoseRow> rows(const DoseOptions& options) const {
    std::vector<DoseRow> rows;
    for (const auto& [place, grid] : grids_) {
      DoseOptions of_set = options;
      if (place.second == DirectionSet::kNull && of_set.curve == DoseCurve::kDirection)
        of_set.curve = DoseCurve::kAll;
      std::ranges::move(doses_of(grid, place.second, of_set), std::back_inserter(rows));
    }
    if (rows.empty())
      fail(ErrorCode::kNothingToMeasure,
           "{}: no span has all pushes of its layer, and an epsilon that is not 0; sweep some",
           store_.path().string());
    std::stable_sort(rows.begin(), rows.end(), [](const DoseRow& a, const DoseRow& b) {
      return std::tie(a.span_kind, a.layer) < std::tie(b.span_kind, b.layer);
    });
    return rows;
  }

  [[nodiscard]] std::vector<DoseRow> rows_without_intervals() const {
    DoseOptions options = options_;
    options.bootstrap.resamples = 0;
    options.tangents = false;
    return rows(options);
  }

  void measure_tangents() {
    for (const auto& [place, grid] : grids_) {
      if (has_tangent(grid.epsilons) || grid.spans.empty() || place.second == DirectionSet::kNull) continue;
      if (further_ == nullptr)
        refuse("tangents",
               "layer {} has no epsilon of at most {} besides 0, from which a limit could be taken; give the "
               "model "
               "and the data, and it is measured",
               place.first, kLargestTangentEpsilon);
      further_->measure(place.first, tangent_epsilons(store_));
    }
    build();
  }

  // Pushes at the doses, until each is known well enough or the curves do not get better.
  void refine() {
    constexpr int kMostRounds = 3;
    for (int round = 0; round < kMostRounds; ++round) {
      std::map<int32_t, std::vector<double>> wanted;
      for (const DoseRow& row : rows_without_intervals()) {
        if (row.dose.place == Dose::Place::kBeyond) continue;
        const double error = row.dose.interpolation_error.value_or(std::abs(row.dose.epsilon));
        if (error > *settings_.refine * std::abs(row.dose.epsilon))
          wanted[row.layer].push_back(row.dose.epsilon);
      }
      if (wanted.empty()) return;
      for (auto& [layer, epsilons] : wanted) further_->measure(layer, apart(std::move(epsilons)));
      build();
    }
  }

  void warn_of_left_out() const {
    for (const auto& [place, grid] : grids_)
      if (!grid.incomplete.empty() && place.second == DirectionSet::kMain)
        warn(watch_, fmt::format("layer {}: {} lack some of the layer's pushes, and are left out",
                                 place.first, counted(std::ssize(grid.incomplete), "span")));
  }

  void add_ranks(DoseReport& report) const {
    report.tangents = true;
    const Sphere sphere = sphere_of(store_);
    report.no_ranks = sphere.why_none;
    if (!report.no_ranks.empty()) return;
    for (const auto& [place, grid] : grids_)
      if (place.second == DirectionSet::kMain)
        std::ranges::move(effective_ranks(grid, sphere.dimensions), std::back_inserter(report.ranks));
    std::stable_sort(report.ranks.begin(), report.ranks.end(), [](const RankRow& a, const RankRow& b) {
      return std::tie(a.span_kind, a.layer) < std::tie(b.span_kind, b.layer);
    });
    if (report.ranks.empty()) report.no_ranks = "it needs two directions at a span";
  }

  const RunStore& store_;
  const DoseSettings& settings_;
  DoseOptions options_;
  RowStatistic statistic_;
  FurtherPushes* further_;
  const Watch& watch_;
  Grids stored_;
  std::map<Place, ResponseGrid> grids_;
};

}  // namespace

void check_dose(const DoseSettings& settings, bool has_model) {
  if (settings.refine && (!(*settings.refine > 0) || *settings.refine >= 1))
    refuse("refine", "{} is not a relative error between 0 and 1", *settings.refine);
  if (settings.refine && !has_model) refuse("refine", "it makes pushes: give the model and the data");
  if (has_model && !settings.refine && !settings.tangents)
    refuse("refine", "a model and its data are only for refinement and tangents; ask for one of them");
  if (!settings.pushes.empty() && !has_model)
    refuse("pushes", "there is no model that makes any: give the model and the data");
  if (settings.tangents && settings.statistic == "p95")
    refuse("tangents",
           "a quantile of the rows has no Fisher information; ask for the statistic 'mean' or 'own-row'");
}

DoseReport doses_in(const RunStore& store, const DoseSettings& settings, const Watch& watch) {
  check_dose(settings, false);
  return DoseFinder(store, settings, nullptr, watch).find();
}

DoseReport doses_with(const RunStore& store, const DoseSettings& settings, FurtherPushes& further,
                      const Watch& watch) {
  check_dose(settings, true);
  return DoseFinder(store, settings, &further, watch).find();
}

}  // namespace tugline
