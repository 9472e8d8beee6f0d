#include "tugline/report/distance_figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "tugline/core/error.h"
#include "tugline/report/curve_plot.h"
#include "tugline/report/distance_curves.h"
#include "tugline/report/figure_parts.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/row_writer.h"

namespace tugline {
namespace {

double epsilon_to_draw(const RunView& view, const DistanceFigureOptions& options) {
  std::set<double> epsilons;
  for (const CurvePoint& point : view.curves)
    if (point.span_kind == options.span_kind) epsilons.insert(point.epsilon);
  if (!options.epsilon) return *epsilons.rbegin();
  if (!epsilons.contains(*options.epsilon))
    refuse("epsilon", "the run has no {}; it has {}", *options.epsilon, fmt::join(epsilons, ", "));
  return *options.epsilon;
}

CurvePlot plot_of(const RunStore& store, const std::string& span_kind, double epsilon) {
  std::vector<PlotCurve> curves;
  for_each_distance_curve(store, span_kind, [&](const std::vector<DistancePoint>& points) {
    PlotCurve curve;
    for (const auto& [distance, point] : points) {
      if (point.epsilon != epsilon || point.set != DirectionSet::kMain) continue;
      curve.name = fmt::format("{}", point.layer);
      curve.points.push_back({.x = static_cast<double>(distance), .of = point});
    }
    if (!curve.points.empty()) curves.push_back(std::move(curve));
  });
  return curve_plot_of(std::move(curves));
}

std::string horizontal_axis(const CurvePlot& plot) {
  double low = *plot.xs.begin();
  double high = *plot.xs.rbegin();
  std::string text = "set xlabel 'distance of the readout row from the pushed token, tokens' offset 0,0.2\n";
  if (plot.is_single()) low -= 1, high += 1;
  text += fmt::format("set xrange [{}:{}]\n", shortest_text(low), shortest_text(high));
  if (low >= 1 && high >= 10 * low) return text + plain_logarithmic_axis("x", low, high);
  return text + "set xtics nomirror out format '%g'\n";
}

// If texts or spans differ in length, the ends of the curves are about fewer spans.
std::string spans_caption(const CurvePlot& plot) {
  int64_t fewest = plot.curves.front().points.front().of.spans;
  int64_t most = fewest;
  for (const PlotCurve& curve : plot.curves)
    for (const PlotPoint& point : curve.points) {
      fewest = std::min(fewest, point.of.spans);
      most = std::max(most, point.of.spans);
    }
  return fewest == most
             ? ""
             : fmt::format(" Each point averages the spans that extend that far ({} to {}).", fewest, most);
}

const CurvePoint& fullest_point(const CurvePlot& plot) {
  const CurvePoint* fullest = &plot.curves.front().points.front().of;
  for (const PlotPoint& point : plot.curves.front().points)
    if (point.of.spans > fullest->spans) fullest = &point.of;
  return *fullest;
}

}  // namespace

std::string distance_figure_script(const RunStore& store, const RunView& view,
                                   const DistanceFigureOptions& options) {
  const double epsilon = epsilon_to_draw(view, options);
  const CurvePlot plot = plot_of(store, options.span_kind, epsilon);
  constexpr double kRight = 0.81;
  const CurvePoint& fullest = fullest_point(plot);
  const std::string what = fmt::format("{} at ε = {:g}", spans_text(view, fullest), epsilon);
  const Caption caption =
      caption_of(provenance_caption(view, what) + " " + band_caption(plot, fullest) + spans_caption(plot) +
                 null_caption(view) + zeros_caption(plot, "distance") + notes_caption(view));
  return terminal_line(options.format) + "set encoding utf8\n" +
         title_lines(view, "How far behind a push its effect reaches",
                     fmt::format("{} spans, ε = {:g}", options.span_kind, epsilon)) +
         margins(caption, {.right = kRight}) + caption.script + horizontal_axis(plot) + vertical_axis(plot) +
         key_beside(plot, "layer", kRight) + frame() + curves_drawn(plot);
}

}  // namespace tugline
