// anisotropy_figure: how uneven the directions of each span are, layer by layer.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/captions.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/run_grid.h"
#include "tugline/report/span_figures.h"
#include "tugline/stats/anisotropy.h"
#include "tugline/stats/quantile.h"

namespace tugline {
namespace {

using ByLayer = std::map<int32_t, std::vector<double>>;

// Spreads the points of one layer sideways: the golden ratio's multiples fill an interval evenly at every
// count.
double sideways(size_t i) {
  constexpr double kGolden = 0.6180339887498949;
  constexpr double kWidth = 0.5;
  double whole = 0;
  return kWidth * (std::modf(static_cast<double>(i) * kGolden, &whole) - 0.5);
}

Panel panel_of(const ByLayer& values, const std::string& name) {
  constexpr std::array<double, 3> kQuartiles{0.25, 0.5, 0.75};
  size_t most = 0;
  for (const auto& [layer, of_layer] : values) most = std::max(most, of_layer.size());
  Series points{.form = Form::kPoints,
                .colour = curve_colours(1).front(),
                .opacity = most > 100 ? 0.25 : 0.5,
                .size = most > 100 ? 0.35 : 0.55};
  Series quartiles{.form = Form::kBars, .colour = "#d55e00", .width = 2.2, .size = 1.1, .point = 5};
  std::vector<std::string> layers;
  for (const auto& [layer, of_layer] : values) {
    const auto place = static_cast<double>(layers.size());
    for (size_t i = 0; i < of_layer.size(); ++i)
      points.marks.push_back({.x = place + sideways(i), .y = of_layer[i]});
    const std::vector<double> q = quantiles(of_layer, kQuartiles);
    quartiles.marks.push_back({.x = place, .y = q[1], .low = q[0], .high = q[2]});
    layers.push_back(fmt::format("{}", layer));
  }
  Panel panel{.x = category_axis(layers), .series = {std::move(points), std::move(quartiles)}};
  panel.x.name = "layer";
  panel.y.name = name;
  return panel;
}

double largest_of(const ByLayer& values) {
  double largest = 0;
  for (const auto& [layer, of_layer] : values)
    for (const double value : of_layer) largest = std::max(largest, value);
  return largest;
}

struct Unevenness {
  ByLayer ratios, variations;
};

Unevenness unevenness_of(const ResponseGrid& grid, const FigureSubject& subject, double epsilon) {
  const auto place = std::find(grid.epsilons.begin(), grid.epsilons.end(), epsilon);
  Unevenness found;
  if (place == grid.epsilons.end()) return found;
  for (const GridSpan& span : grid.spans) {
    if (span.key.span_kind != subject.span_kinds.front()) continue;
    for (size_t layer = 0; layer < grid.layers.size(); ++layer) {
      const auto point = grid.point(layer, static_cast<size_t>(place - grid.epsilons.begin()));
      const Anisotropy uneven = anisotropy(grid.over_directions(span, point));
      if (uneven.max_over_min) found.ratios[grid.layers[layer]].push_back(*uneven.max_over_min);
      if (uneven.coefficient_of_variation)
        found.variations[grid.layers[layer]].push_back(*uneven.coefficient_of_variation);
    }
  }
  return found;
}

}  // namespace

Figure anisotropy_figure(const RunStore& store, const RunView& view, const FigureSubject& subject) {
  const double epsilon = epsilon_of(view, subject);
  const Unevenness found =
      unevenness_of(read_grid(store, DirectionSet::kMain, subject.measure), subject, epsilon);
  if (found.ratios.empty())
    fail(ErrorCode::kNothingToMeasure, "no {} span has two directions with a response above 0 at ε = {:g}",
         subject.span_kinds.front(), epsilon);
  Sheet sheet{.panels = {panel_of(found.ratios, "largest over smallest " + subject.measure.label),
                         panel_of(found.variations, "coefficient of variation of " + subject.measure.label)},
              .columns = 2,
              .panel_height = 380,
              .has_common_axes = false};
  for (const auto& [p, axis] :
       {std::pair(size_t{0}, logarithmic_axis(1, std::max(2.0, largest_of(found.ratios)))),
        std::pair(size_t{1}, linear_axis(0, std::max(largest_of(found.variations), 1e-3)))}) {
    const std::string name = sheet.panels[p].y.name;
    sheet.panels[p].y = axis;
    sheet.panels[p].y.name = name;
  }
  set_headings(sheet, view, "How uneven directions are",
               fmt::format("{}, ε = {:g}", kinds_text(subject), epsilon));
  set_captions(
      sheet, view,
      {.spans = fmt::format(
           "{} at ε = {:g}",
           counted(std::ssize(found.ratios.begin()->second), subject.span_kinds.front() + " span"), epsilon),
       .drawn = "A point: the directions of one span, spread sideways for sight only. Square and bar: median "
                "and quartiles over spans. The ratio grows with the number of directions; the coefficient "
                "of variation does not."});
  return figure_of(sheet, subject.look);
}

}  // namespace tugline
