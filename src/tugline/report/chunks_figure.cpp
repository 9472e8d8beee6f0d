// chunks_figure: one curve a span, coloured by what the dataset says of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/captions.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/run_grid.h"
#include "tugline/report/span_figures.h"
#include "tugline/report/stored_analysis.h"
#include "tugline/stats/metric_correlations.h"

namespace tugline {
namespace {

using Colours = std::map<std::pair<int64_t, int64_t>, double>;  // by (example, chunk)

Colours colours_by_metric(const RunStore& store, const FigureSubject& subject) {
  const ResultTable spans = stored_table(store, table::kSpans);
  const size_t metric = metric_column_of(spans, subject.metric);
  const size_t example = column_of(spans, "example");
  const size_t chunk = column_of(spans, "chunk");
  Colours colours;
  for (const std::vector<Cell>& row : rows_of(spans, subject.span_kinds.front(), subject.layers.front())) {
    const std::optional<double> value = number_of(row[metric]);
    if (value) colours[{std::get<int64_t>(row[example]), std::get<int64_t>(row[chunk])}] = *value;
  }
  return colours;
}

Colours colours_by_place(const ResponseGrid& grid, const std::string& span_kind) {
  Colours colours;
  for (const GridSpan& span : grid.spans)
    if (span.key.span_kind == span_kind && is_its_chunk(span.key))
      colours[{span.key.example, span.key.chunk}] = static_cast<double>(span.key.chunk);
  return colours;
}

// Curves of single spans, with what they are coloured by.
struct SpanCurves {
  std::vector<std::pair<double, Curve>> curves = {};  // by colour: what stands out is drawn last
  double low = INFINITY;                              // of the colours
  double high = -INFINITY;
  int64_t without_colour = 0;
  std::set<int64_t> examples = {};
};

Curve curve_of(const ResponseGrid& grid, const GridSpan& span, size_t layer) {
  const std::vector<double> means = grid.mean_curve(span);
  Curve curve;
  for (size_t i = 0; i < grid.epsilons.size(); ++i) {
    CurvePoint point;
    point.kl.mean = means[grid.point(layer, i)];
    curve.values.push_back({.x = grid.epsilons[i], .of = point});
  }
  return curve;
}

SpanCurves curves_of(const ResponseGrid& grid, const Colours& colours, const FigureSubject& subject) {
  const auto layer = static_cast<size_t>(
      std::lower_bound(grid.layers.begin(), grid.layers.end(), subject.layers.front()) - grid.layers.begin());
  SpanCurves found;
  for (const GridSpan& span : grid.spans) {
    if (span.key.span_kind != subject.span_kinds.front()) continue;
    const auto colour = colours.find({span.key.example, span.key.chunk});
    if (colour == colours.end()) {
      ++found.without_colour;
      continue;
    }
    found.curves.emplace_back(colour->second, curve_of(grid, span, layer));
    found.low = std::min(found.low, colour->second);
    found.high = std::max(found.high, colour->second);
    found.examples.insert(span.key.example);
  }
  std::stable_sort(found.curves.begin(), found.curves.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return found;
}

CurveAxes axes_for(const SpanCurves& found, const RunView& view, const FigureSubject& subject) {
  std::vector<Curve> curves;
  for (const auto& [colour, curve] : found.curves) curves.push_back(curve);
  CurveAxes axes = axes_of(curves, subject.measure, subject.look.scale);
  axes.x.name = epsilon_name(view);
  return axes;
}

Series lines_of(const SpanCurves& found, const CurveAxes& axes) {
  Series lines{.form = Form::kLines, .width = found.curves.size() > 60 ? 0.9 : 1.4};
  const double range = found.high > found.low ? found.high - found.low : 1;
  for (const auto& [colour, curve] : found.curves) {
    std::vector<Mark> marks;
    for (const CurveValue& value : curve.values) marks.push_back(mark_of(curve, value, axes));
    marks = followed(marks, axes.x, axes.y);
    for (Mark& mark : marks) mark.colour = viridis((colour - found.low) / range);
    lines.marks.insert(lines.marks.end(), marks.begin(), marks.end());
    lines.marks.push_back({.y = NAN});
  }
  return lines;
}

}  // namespace

Figure chunks_figure(const RunStore& store, const RunView& view, const FigureSubject& subject) {
  const ResponseGrid grid = read_grid(store, DirectionSet::kMain, subject.measure);
  const SpanCurves found =
      curves_of(grid,
                subject.metric.empty() ? colours_by_place(grid, subject.span_kinds.front())
                                       : colours_by_metric(store, subject),
                subject);
  const std::string by = subject.metric.empty() ? "number of the chunk in its text" : subject.metric;
  if (found.curves.empty())
    fail(ErrorCode::kNothingToMeasure, "no {} span at {} has a value of {}", subject.span_kinds.front(),
         layers_text(subject), by);
  const CurveAxes axes = axes_for(found, view, subject);
  Sheet sheet{.panels = {{.x = axes.x, .y = axes.y, .series = {lines_of(found, axes)}}},
              .colours = ColourBar{.name = by, .axis = {.low = found.low, .high = found.high}}};
  if (found.high <= found.low) sheet.colours->axis.high = found.low + 1;
  std::string drawn = "Each line: the mean over the directions at one span.";
  if (!axes.off_axis.empty())
    drawn += fmt::format(" Not on the logarithmic axes: ε = {}.", fmt::join(axes.off_axis, ", "));
  if (found.without_colour > 0)
    drawn += fmt::format(" Without a value and left out: {}.", counted(found.without_colour, "span"));
  set_headings(sheet, view, "How far a push moves the next-token distributions, span by span",
               fmt::format("{}, {}", kinds_text(subject), layers_text(subject)));
  set_captions(sheet, view,
               {.spans = fmt::format("{} of {} at {}",
                                     counted(std::ssize(found.curves), subject.span_kinds.front() + " span"),
                                     counted(std::ssize(found.examples), "example"), layers_text(subject)),
                .drawn = drawn});
  return figure_of(sheet, subject.look);
}

}  // namespace tugline
