#include "tugline/report/distance_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tugline/core/error.h"
#include "tugline/report/captions.h"
#include "tugline/report/distance_curves.h"
#include "tugline/report/figure_style.h"

namespace tugline {
namespace {

constexpr size_t kMostUnbinned = 12;  // distances that are drawn each by itself

constexpr double kZeroAt = 0.5;  // on a logarithmic axis: where the pushed token's own row is drawn

// The geometric middle of a bin: where it lies on a logarithmic axis.
double place_of(const DistancePoint& point, bool has_log) {
  if (point.distance == 0 && has_log) return kZeroAt;
  if (point.distance == point.last_distance) return static_cast<double>(point.distance);
  return std::sqrt(static_cast<double>(point.distance) * static_cast<double>(point.last_distance));
}

struct DistanceCurves {
  std::vector<Curve> curves = {};
  bool has_bins = false;
  int64_t first = 0;  // the smallest distance
};

DistanceBins bins_for(const RunStore& store, const std::string& span_kind) {
  std::set<int64_t> distances;
  for (const UnitRecord& unit : store.units())
    if (unit.key.span_kind == span_kind)
      for (const int64_t row : unit.measured.rows) distances.insert(row - unit.measured.position);
  return distances.size() > kMostUnbinned ? DistanceBins::kDoubling : DistanceBins::kEach;
}

DistanceCurves curves_of(const RunStore& store, const FigureSubject& subject, double epsilon) {
  const std::string& span_kind = subject.span_kinds.front();
  const DistanceBins bins = bins_for(store, span_kind);
  const AxisScale scale = subject.look.scale;
  const bool has_log =
      scale == AxisScale::kLogLog || (scale == AxisScale::kAuto && subject.measure.is_divergence);
  DistanceCurves found{.has_bins = bins == DistanceBins::kDoubling,
                       .first = std::numeric_limits<int64_t>::max()};
  const auto visit = [&](const std::vector<DistancePoint>& points) {
    Curve curve;
    for (const DistancePoint& at : points) {
      if (at.point.epsilon != epsilon || at.point.set != DirectionSet::kMain) continue;
      curve.name = fmt::format("{}", at.point.layer);
      curve.values.push_back({.x = place_of(at, has_log), .of = at.point});
      found.first = std::min(found.first, at.distance);
    }
    const bool is_wanted =
        !curve.values.empty() && std::find(subject.layers.begin(), subject.layers.end(),
                                           curve.values.front().of.layer) != subject.layers.end();
    if (is_wanted) found.curves.push_back(std::move(curve));
  };
  for_each_distance_curve(store, span_kind, visit, DistanceBuilder(bins, subject.measure.measure));
  const std::vector<std::string> colours = curve_colours(found.curves.size());
  for (size_t i = 0; i < found.curves.size(); ++i) found.curves[i].colour = colours[i];
  return found;
}

// If texts or spans differ in length, the ends of the curves are about fewer spans.
std::string spans_sentence(const std::vector<Curve>& curves) {
  int64_t fewest = curves.front().values.front().of.spans;
  int64_t most = fewest;
  for (const Curve& curve : curves)
    for (const CurveValue& value : curve.values) {
      fewest = std::min(fewest, value.of.spans);
      most = std::max(most, value.of.spans);
    }
  return fewest == most
             ? ""
             : fmt::format(" Each point averages the spans that extend that far ({} to {}).", fewest, most);
}

const CurvePoint& fullest_point(const Curve& curve) {
  const CurvePoint* fullest = &curve.values.front().of;
  for (const CurveValue& value : curve.values)
    if (value.of.spans > fullest->spans) fullest = &value.of;
  return *fullest;
}

}  // namespace

Figure distance_figure(const RunStore& store, const RunView& view, const FigureSubject& subject) {
  if (subject.measure.rows != ResponseMeasure::Rows::kMean)
    refuse("measure", "the kind distance draws rows one by one, and {} is about several together; use kl",
           subject.measure.name);
  const double epsilon = epsilon_of(view, subject);
  const DistanceCurves found = curves_of(store, subject, epsilon);
  if (found.curves.empty())
    refuse("measure", "the run has no rows of {} at ε = {:g}", subject.measure.name, epsilon);
  const bool is_all_zero =
      std::all_of(found.curves.begin(), found.curves.end(), [](const Curve& c) { return c.is_zero(); });
  CurveAxes axes =
      axes_of(found.curves, subject.measure, is_all_zero ? AxisScale::kAuto : subject.look.scale);
  if (found.first == 0 && axes.x.is_logarithmic) axes.x.zero_at = kZeroAt;
  axes.x.name = "distance of the readout row from the pushed token, tokens";
  Sheet sheet{.key_title = "layer"};
  add_curve_panels(sheet, found.curves, axes);
  const CurvePoint& fullest = fullest_point(found.curves.front());
  std::string drawn = curves_caption(found.curves, axes, fullest, "distance") + spans_sentence(found.curves);
  if (found.has_bins) drawn += " Distances 3 to 4, 5 to 8, 9 to 16 and so on are averaged together.";
  set_headings(sheet, view, "How far behind a push its effect reaches",
               fmt::format("{}, ε = {:g}", kinds_text(subject), epsilon));
  set_captions(sheet, view,
               {.spans = fmt::format("{} at ε = {:g}", spans_text(view, fullest), epsilon), .drawn = drawn});
  return figure_of(sheet, subject.look);
}

}  // namespace tugline
