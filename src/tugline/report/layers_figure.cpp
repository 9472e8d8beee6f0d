#include "tugline/report/layers_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tugline/core/error.h"
#include "tugline/report/captions.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/measured_curves.h"
#include "tugline/report/row_writer.h"
#include "tugline/report/run_grid.h"
#include "tugline/stats/largest_epsilon.h"
#include "tugline/stats/quadratic_fit.h"

namespace tugline {
namespace {

// The cells of the heat map: layers across, epsilons upwards.
struct Cells {
  std::vector<double> epsilons = {};
  std::vector<Mark> marks = {};  // places, and in `low` the value
  double low = INFINITY;         // of the values that are drawn
  double high = -INFINITY;
  bool is_logarithmic = true;
  bool has_zeros = false;
};

Cells cells_of(const std::vector<CurvePoint>& points, const FigureSubject& subject) {
  Cells cells{.is_logarithmic = subject.measure.is_divergence};
  std::vector<const CurvePoint*> drawn;
  for (const CurvePoint& point : points)
    if (point.span_kind == subject.span_kinds.front() && point.set == DirectionSet::kMain &&
        point.epsilon != 0)
      drawn.push_back(&point);
  for (const CurvePoint* point : drawn) cells.epsilons.push_back(point->epsilon);
  std::sort(cells.epsilons.begin(), cells.epsilons.end());
  cells.epsilons.erase(std::unique(cells.epsilons.begin(), cells.epsilons.end()), cells.epsilons.end());
  for (const CurvePoint* point : drawn) {
    const auto layer = std::lower_bound(subject.layers.begin(), subject.layers.end(), point->layer);
    if (layer == subject.layers.end() || *layer != point->layer) continue;
    const double value = point->kl.mean;
    if (cells.is_logarithmic && value <= 0) {
      cells.has_zeros = true;
      continue;
    }
    const auto row = std::lower_bound(cells.epsilons.begin(), cells.epsilons.end(), point->epsilon);
    cells.marks.push_back({.x = static_cast<double>(layer - subject.layers.begin()),
                           .y = static_cast<double>(row - cells.epsilons.begin()),
                           .low = value});
    cells.low = std::min(cells.low, value);
    cells.high = std::max(cells.high, value);
  }
  return cells;
}

std::string short_number(double value) {
  if (value == 0 || (std::abs(value) >= 1e-3 && std::abs(value) < 1e4)) return fmt::format("{:.2g}", value);
  const int power = static_cast<int>(std::floor(std::log10(std::abs(value))));
  return fmt::format("{:.1f}e{}", value / std::pow(10.0, power), power);
}

Panel heat_map(Cells cells, const ColourBar& colours, const RunView& view, const FigureSubject& subject) {
  constexpr size_t kMostColumns = 14;  // of cells that have room for their value
  constexpr size_t kMostRows = 12;
  const bool has_values = subject.layers.size() <= kMostColumns && cells.epsilons.size() <= kMostRows;
  std::vector<std::string> names;
  for (const double epsilon : cells.epsilons) names.push_back(shortest_text(epsilon));
  Panel panel{.x = layer_axis(subject.layers), .y = category_axis(names)};
  panel.y.name = view.epsilon_is_fraction() ? "fraction ε" : "push size ε";
  for (Mark& mark : cells.marks) {
    const double place = fraction_on(colours.axis, mark.low);
    mark.colour = viridis(std::clamp(place, 0.0, 1.0));
    if (has_values)
      panel.texts.push_back({.x = mark.x,
                             .y = mark.y,
                             .text = short_number(mark.low),
                             .colour = place < 0.6 ? "#ffffff" : "#000000",
                             .align = PanelText::Align::kCentre});
  }
  panel.series = {{.form = Form::kCells, .marks = std::move(cells.marks)}};
  return panel;
}

// The means over spans, by layer, of the curvature of each span.
std::vector<MeanEstimate> curvatures(const ResponseGrid& grid, const FigureSubject& subject) {
  const QuadraticFitter fitter(grid.epsilons, std::nullopt);
  std::vector<MeanEstimate> means;
  if (!fitter.is_determined() || !subject.measure.is_quadratic) return means;
  for (size_t layer = 0; layer < grid.layers.size(); ++layer) {
    std::vector<ClusteredValue> values;
    for (const GridSpan& span : grid.spans) {
      if (span.key.span_kind != subject.span_kinds.front()) continue;
      const std::vector<double> curve = grid.mean_curve(span);
      const auto at_layer = std::span(curve).subspan(grid.point(layer, 0), grid.epsilons.size());
      values.push_back({.cluster = span.key.example, .value = fitter.fit(at_layer).a});
    }
    if (!values.empty()) means.push_back(mean_over_spans(values));
  }
  return means;
}

std::vector<MeanEstimate> responses_at(const std::vector<CurvePoint>& points, double epsilon,
                                       const FigureSubject& subject) {
  std::vector<MeanEstimate> means;
  for (const int32_t layer : subject.layers) {
    const auto found = std::find_if(points.begin(), points.end(), [&](const CurvePoint& point) {
      return point.span_kind == subject.span_kinds.front() && point.layer == layer &&
             point.epsilon == epsilon && point.set == DirectionSet::kMain;
    });
    means.push_back(found == points.end() ? MeanEstimate{.mean = NAN} : found->kl);
  }
  return means;
}

Panel panel_of_means(const std::vector<MeanEstimate>& means, const std::string& name,
                     const FigureSubject& subject) {
  std::vector<Curve> curves{{.colour = curve_colours(1).front()}};
  for (const MeanEstimate& mean : means) {
    CurvePoint point;
    point.kl = mean;
    if (std::isfinite(mean.mean))
      curves.front().values.push_back({.x = static_cast<double>(&mean - means.data()), .of = point});
  }
  const bool has_log =
      std::all_of(means.begin(), means.end(), [](const MeanEstimate& m) { return m.mean >= 0; });
  const CurveAxes axes = axes_of(curves, subject.measure,
                                 has_log && !curves.front().is_zero() ? AxisScale::kLog : AxisScale::kLinear);
  Panel panel{.x = layer_axis(subject.layers), .y = axes.y};
  panel.y.name = name;
  std::vector<Mark> marks;
  for (const CurveValue& value : curves.front().values) marks.push_back(mark_of(curves.front(), value, axes));
  panel.series = {{.form = Form::kLine,
                   .marks = on_axes(marks, {}, axes.y),
                   .colour = kFaint,
                   .opacity = 0.5,
                   .width = 1},
                  {.form = Form::kBars,
                   .marks = on_axes(marks, {}, axes.y),
                   .colour = curves.front().colour,
                   .size = 0.8}};
  for (Mark& mark : panel.series.back().marks)
    if (!std::isfinite(mark.low)) mark.low = mark.high = mark.y;
  return panel;
}

}  // namespace

Figure layers_figure(const RunStore& store, const RunView& view, const FigureSubject& subject) {
  const std::vector<CurvePoint> points = measured_curves(store, view, subject.measure);
  const Cells cells = cells_of(points, subject);
  if (cells.marks.empty())
    fail(ErrorCode::kNothingToMeasure, "every response of the {} spans is 0: a heat map has nothing to show",
         subject.span_kinds.front());
  ColourBar colours{.name = axis_name(subject.measure),
                    .axis = {.low = cells.low,
                             .high = cells.high > cells.low ? cells.high : cells.low + std::abs(cells.low),
                             .is_logarithmic = cells.is_logarithmic,
                             .has_powers = cells.is_logarithmic}};
  Sheet sheet{.panels = {heat_map(cells, colours, view, subject)},
              .panel_height = 250,
              .has_common_axes = false,
              .colours = colours};
  const std::vector<MeanEstimate> curvature =
      curvatures(read_grid(store, DirectionSet::kMain, subject.measure), subject);
  const bool has_curvature = curvature.size() == subject.layers.size();
  const double largest = largest_epsilon(cells.epsilons);
  sheet.panels.push_back(has_curvature ? panel_of_means(curvature, "curvature a, nats", subject)
                                       : panel_of_means(responses_at(points, largest, subject),
                                                        fmt::format("at ε = {:g}", largest), subject));
  std::string drawn =
      has_curvature ? "Below: a of the fit aε² + bε at small ε, mean of the spans' and its 95 % t interval."
                    : "Below: means and 95 % t intervals at the largest ε.";
  if (cells.has_zeros) drawn += " White: exactly 0.";
  const auto& typical =
      *std::max_element(points.begin(), points.end(), [&](const CurvePoint& a, const CurvePoint& b) {
        const auto spans = [&](const CurvePoint& p) {
          return p.span_kind == subject.span_kinds.front() ? p.spans : -1;
        };
        return spans(a) < spans(b);
      });
  set_headings(sheet, view, "Which layers a push moves most", kinds_text(subject));
  set_captions(sheet, view, {.spans = spans_text(view, typical), .drawn = drawn});
  return figure_of(sheet, subject.look);
}

}  // namespace tugline
