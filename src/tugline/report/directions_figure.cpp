#include "tugline/report/directions_figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/captions.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/run_grid.h"
#include "tugline/stats/spread.h"

namespace tugline {
namespace {

template <typename Point>
bool is_at(const Point& point, const FigureSubject& subject, int32_t layer, double epsilon) {
  return point.span_kind == subject.span_kinds.front() && point.layer == layer && point.epsilon == epsilon;
}

// "10: 12 for 5 %, 70 for 2 %"
std::string key_name(const std::vector<DirectionsNeeded>& needed, const FigureSubject& subject, int32_t layer,
                     double epsilon) {
  for (const DirectionsNeeded& at : needed)
    if (is_at(at, subject, layer, epsilon) && at.for_5_percent && at.for_2_percent)
      return fmt::format("layer {}: {} for 5 %, {} for 2 %", layer, *at.for_5_percent, *at.for_2_percent);
  return fmt::format("layer {}", layer);
}

void add_layer(Panel& panel, const std::vector<DirectionErrorPoint>& errors, const FigureSubject& subject,
               int32_t layer, double epsilon, const std::string& colour) {
  Series predicted{.colour = colour};
  Series measured{.form = Form::kPoints, .colour = colour, .width = 1.4, .size = 0.7, .point = 6};
  for (const DirectionErrorPoint& error : errors) {
    if (!is_at(error, subject, layer, epsilon) || error.mean <= 0) continue;
    const auto x = static_cast<double>(error.directions);
    const auto add = [&](Series& series, double value) {
      if (value > 0) series.marks.push_back({.x = x, .y = 100 * value / error.mean});
    };
    add(predicted, error.predicted.of_directions);
    add(measured, error.measured.value_or(0));
  }
  panel.series.push_back(std::move(predicted));
  panel.series.push_back(std::move(measured));
}

void set_axes(Panel& panel) {
  double x_low = INFINITY, x_high = 0;
  double y_low = 2, y_high = 5;  // the lines of both are always there
  for (const Series& series : panel.series)
    for (const Mark& mark : series.marks) {
      x_low = std::min(x_low, mark.x), x_high = std::max(x_high, mark.x);
      y_low = std::min(y_low, mark.y), y_high = std::max(y_high, mark.y);
    }
  panel.x = logarithmic_axis(x_low, x_high);
  panel.x.name = "directions";
  panel.y = logarithmic_axis(y_low, y_high);
  panel.y.name = "error of the mean from directions, %";
}

}  // namespace

Figure directions_figure(const RunStore& store, const RunView& view, const FigureSubject& subject) {
  if (!subject.measure.is_divergence)
    refuse("measure", "{} may be negative, and an error relative to its mean says nothing; use kl",
           subject.measure.name);
  const double epsilon = epsilon_of(view, subject);
  const ResponseGrid grid = read_grid(store, DirectionSet::kMain, subject.measure);
  const std::vector<DirectionErrorPoint> errors = direction_errors(grid);
  const std::vector<DirectionsNeeded> needed = directions_needed(grid);
  const std::vector<std::string> colours = curve_colours(subject.layers.size());
  Panel panel;
  Sheet sheet;
  for (size_t i = 0; i < subject.layers.size(); ++i) {
    const size_t before = panel.series.size();
    add_layer(panel, errors, subject, subject.layers[i], epsilon, colours[i]);
    if (panel.series[before].marks.empty()) {
      panel.series.resize(before);
      continue;
    }
    sheet.key.push_back({.name = key_name(needed, subject, subject.layers[i], epsilon),
                         .look = {.colour = colours[i], .size = 0}});
  }
  if (panel.series.empty())
    fail(ErrorCode::kNothingToMeasure,
         "the error from directions needs two directions and a mean above 0 at ε = {:g}; the run has {}",
         epsilon, counted(grid.directions, "direction"));
  set_axes(panel);
  panel.across_y = {5, 2};
  sheet.panels = {std::move(panel)};
  set_headings(sheet, view, "How many directions does the mean need?",
               fmt::format("{}, ε = {:g}", kinds_text(subject), epsilon));
  set_captions(sheet, view,
               {.spans = counted(std::count_if(grid.spans.begin(), grid.spans.end(),
                                               [&](const GridSpan& span) {
                                                 return span.key.span_kind == subject.span_kinds.front();
                                               }),
                                 subject.span_kinds.front() + " span"),
                .drawn = "Line: the directions' part of the standard error of the mean over these spans, by "
                         "the components of variance. "
                         "Circles: measured by splitting the run's directions. Dashed: 5 % and 2 %."});
  return figure_of(sheet, subject.look);
}

}  // namespace tugline
