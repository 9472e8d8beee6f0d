#include "tugline/report/interpolated.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/precision.h"
#include "tugline/report/measured_curves.h"
#include "tugline/report/run_view.h"
#include "tugline/stats/response_curve.h"
#include "tugline/store/field_names.h"
#include "tugline/store/identity_field.h"
#include "tugline/store/push_grid.h"
#include "tugline/store/unit_readers.h"
#include "tugline/store/unit_rows.h"

namespace tugline {
namespace {

using Visit = std::function<void(std::span<const Cell>)>;
using Place = std::tuple<std::string, int32_t, DirectionSet>;

// The audit's bounds are ten times what correct units have.
double rounding_of(const RunStore& store, const ResponseMeasure& measure) {
  const bool is_f32 = identity_field(store.identity(), field::kPrecision) == name_of(Precision::kF32);
  const Measure& of = kMeasures[measure.measure];
  return (is_f32 ? of.f32_bound : of.bf16_bound) / 10;
}

// By kind of spans and layer: what was requested and is measured at no span.
std::map<std::pair<std::string, int32_t>, std::vector<double>> left_out(
    const RunStore& store, const std::vector<double>& requested) {
  if (requested.empty()) return {};
  std::map<std::pair<std::string, int32_t>, std::set<double>> measured;
  for (const StoredPart& part : store.stored_parts())
    if (!part.audit_of)
      measured[{part.record.key.span_kind, part.record.key.layer}].insert(part.grid.epsilons.begin(),
                                                                          part.grid.epsilons.end());
  std::map<std::pair<std::string, int32_t>, std::vector<double>> missing;
  for (const auto& [place, epsilons] : measured)
    for (const double epsilon : requested)
      if (epsilon != 0 && !epsilons.contains(epsilon)) missing[place].push_back(epsilon);
  return missing;
}

// Epsilons and responses, by epsilon.
ResponseCurve curve_through(const std::map<double, double>& points, CurveForm form, double rounding) {
  std::vector<double> epsilons;
  std::vector<double> responses;
  for (const auto& [epsilon, response] : points) {
    epsilons.push_back(epsilon);
    responses.push_back(response);
  }
  return {epsilons, responses, form, rounding};
}

// Each direction's responses at the epsilons, on its own curve. `responses` is as CurveBuilder reads it.
std::vector<ResponseRecord> interpolated_pushes(const std::vector<ResponseRecord>& responses, CurveForm form,
                                                const std::vector<double>& epsilons) {
  std::map<std::pair<DirectionSet, int32_t>, std::map<double, double>> directions;
  for (const ResponseRecord& response : responses)
    directions[{response.set, response.direction}][response.epsilon] = response.kl();
  std::vector<ResponseRecord> pushes;
  for (const auto& [direction, points] : directions) {
    const ResponseCurve curve = curve_through(points, form, 0);
    for (const double epsilon : epsilons) {
      ResponseRecord push{.direction = direction.second, .epsilon = epsilon, .set = direction.first};
      push.means[kKl] = curve.points() > 0 ? curve.at(epsilon) : 0;
      pushes.push_back(std::move(push));
    }
  }
  return pushes;
}

// Moves the estimate to the mean curve's value.
InterpolatedPoint on_mean_curve(CurvePoint point, const ResponseCurve& curve) {
  const double mean = curve.points() > 0 ? curve.at(point.epsilon) : 0;
  for (std::optional<double>* end : {&point.kl.ci_low, &point.kl.ci_high})
    if (*end) **end += mean - point.kl.mean;
  point.kl.mean = mean;
  InterpolatedPoint found{.point = std::move(point),
                          .measured_epsilons = static_cast<int64_t>(curve.points())};
  if (curve.points() > 0) found.error = curve.error(found.point.epsilon);
  return found;
}

std::optional<int64_t> width_for_relative(const RunStore& store) {
  if (identity_field(store.identity(), field::kPush) == "interpolation") return std::nullopt;
  return width_of(store);
}

// The curves of one measure, which units are added to.
struct MeasureCurves {
  MeasureCurves(const ResponseMeasure& of, CurveForm its_form) : measure(of), form(its_form) {}
  ResponseMeasure measure;
  CurveForm form;
  CurveBuilder measured;
  CurveBuilder between;
};

std::vector<MeasureCurves> curves_of(std::span<const ResponseMeasure> measures) {
  std::vector<MeasureCurves> curves;
  for (const ResponseMeasure& measure : measures)
    if (const auto form = curve_form_of(measure)) curves.emplace_back(measure, *form);
  return curves;
}

// Reads the store once.
void add_units(const RunStore& store, std::vector<MeasureCurves>& measures) {
  const auto missing = left_out(store, requested_epsilons(store));
  if (missing.empty()) return;
  const auto epsilons_of = [&](const UnitKey& key) { return missing.find({key.span_kind, key.layer}); };
  std::vector<UnitRecord> units = store.units();
  std::erase_if(units, [&](const UnitRecord& unit) { return epsilons_of(unit.key) == missing.end(); });
  for_each_unit(store, units, RowValues::kSkip,
                [&](const UnitRecord& unit, const std::vector<ResponseRecord>& all) {
                  for (MeasureCurves& curves : measures) {
                    const std::vector<ResponseRecord> responses =
                        with_measure(all, unit.measured.rows.size(), curves.measure);
                    curves.measured.add(unit.key, responses);
                    curves.between.add(
                        unit.key, interpolated_pushes(responses, curves.form, epsilons_of(unit.key)->second));
                  }
                });
}

std::vector<InterpolatedPoint> points_of(const RunStore& store, const MeasureCurves& measure) {
  std::map<Place, std::map<double, double>> means;
  for (const CurvePoint& point : measure.measured.build(std::nullopt))
    means[{point.span_kind, point.layer, point.set}][point.epsilon] = point.kl.mean;
  std::map<Place, ResponseCurve> curves;
  for (const auto& [place, points] : means)
    curves.emplace(place, curve_through(points, measure.form, rounding_of(store, measure.measure)));
  std::vector<InterpolatedPoint> found;
  for (CurvePoint& point : measure.between.build(width_for_relative(store))) {
    const ResponseCurve& curve = curves.at({point.span_kind, point.layer, point.set});
    found.push_back(on_mean_curve(std::move(point), curve));
  }
  return found;
}

}  // namespace

std::vector<double> requested_epsilons(const RunStore& store) {
  std::set<double> requested;
  for (const Provenance& session : store.sessions()) {
    const auto found = session.find(field::kEpsilonsRequested);
    if (found == session.end()) continue;
    if (const std::optional<PushGrid> grid = parse_grid("0", found->second))
      requested.insert(grid->epsilons.begin(), grid->epsilons.end());
  }
  return {requested.begin(), requested.end()};
}

std::vector<InterpolatedPoint> interpolated_points(const RunStore& store, const ResponseMeasure& measure) {
  std::vector<MeasureCurves> curves = curves_of({&measure, 1});
  if (curves.empty()) return {};
  add_units(store, curves);
  return points_of(store, curves.front());
}

void for_each_interpolated(const RunStore& store, const Visit& visit) {
  if (requested_epsilons(store).empty())
    fail(ErrorCode::kUsage, "{}: the run was not swept with nodes, so all its epsilons are measured",
         store.path().string());
  std::vector<MeasureCurves> measures = curves_of(response_measures());
  add_units(store, measures);
  for (const MeasureCurves& curves : measures)
    for (const auto& [point, error, measured_epsilons] : points_of(store, curves))
      visit(std::vector<Cell>{point.span_kind, int64_t{point.layer},
                              int64_t{point.set == DirectionSet::kNull ? 1 : 0}, curves.measure.name,
                              point.epsilon, point.kl.mean, cell_of(error), measured_epsilons, point.spans,
                              point.directions, cell_of(point.kl.standard_error), cell_of(point.kl.ci_low),
                              cell_of(point.kl.ci_high)});
}

}  // namespace tugline
