// anisotropy_figure_script: how uneven the directions of each span are, layer by layer.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/figure_parts.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/row_writer.h"
#include "tugline/report/span_figures.h"
#include "tugline/report/stored_analysis.h"
#include "tugline/stats/quantile.h"

namespace tugline {
namespace {

using ByLayer = std::map<int32_t, std::vector<double>>;

ByLayer values_of(const ResultTable& spans, const std::string& span_kind, const char* column) {
  const size_t value = column_of(spans, column);
  const size_t layer = column_of(spans, "layer");
  const size_t kind = column_of(spans, "span_kind");
  ByLayer values;
  for (const std::vector<Cell>& row : spans.rows) {
    if (row[kind] != Cell(span_kind)) continue;
    const auto found = number_of(row[value]);
    if (found) values[static_cast<int32_t>(std::get<int64_t>(row[layer]))].push_back(*found);
  }
  return values;
}

// Spreads the points of one layer sideways: the golden ratio's multiples fill an interval evenly at every count.
double sideways(size_t i) {
  constexpr double kGolden = 0.6180339887498949;
  constexpr double kWidth = 0.5;
  double whole = 0;
  return kWidth * (std::modf(static_cast<double>(i) * kGolden, &whole) - 0.5);
}

// Two blocks: the points, and each layer's quartiles.
std::string data_blocks(const char* name, const ByLayer& values) {
  constexpr std::array<double, 3> kQuartiles{0.25, 0.5, 0.75};
  std::string points = fmt::format("${} << END\n", name);
  std::string quartiles = fmt::format("${}_quartiles << END\n", name);
  size_t place = 0;
  for (const auto& [layer, of_layer] : values) {
    for (size_t i = 0; i < of_layer.size(); ++i)
      points += fmt::format("{} {}\n", shortest_text(static_cast<double>(place) + sideways(i)),
                            shortest_text(of_layer[i]));
    const std::vector<double> q = quantiles(of_layer, kQuartiles);
    quartiles +=
        fmt::format("{} {} {} {}\n", place, shortest_text(q[1]), shortest_text(q[0]), shortest_text(q[2]));
    ++place;
  }
  return points + "END\n" + quartiles + "END\n";
}

std::string layer_axis(const ByLayer& values) {
  std::vector<std::string> ticks;
  for (const auto& [layer, of_layer] : values) ticks.push_back(fmt::format("'{}' {}", layer, ticks.size()));
  return fmt::format("set xrange [-0.6:{}]\nset xtics nomirror out ({})\nset xlabel 'layer' offset 0,0.2\n",
                     shortest_text(static_cast<double>(values.size()) - 0.4), fmt::join(ticks, ", "));
}

std::string panel(const char* name, double left, double right, double bottom) {
  const std::string colour = curve_colours(1).front();
  return fmt::format(
      "set lmargin at screen {}\nset rmargin at screen {}\nset bmargin at screen {:.4f}\nset tmargin at "
      "screen 0.87\n"
      "plot ${} using 1:2 with points pt 7 ps 0.55 lc rgb '#80{}' notitle, \\\n"
      "  ${}_quartiles using 1:2:3:4 with yerrorbars pt 5 ps 1.1 lw 2.2 lc rgb '#d55e00' notitle\n",
      left, right, bottom, name, colour.substr(1), name);
}

double largest_of(const ByLayer& values) {
  double largest = 0;
  for (const auto& [layer, of_layer] : values)
    for (const double value : of_layer) largest = std::max(largest, value);
  return largest;
}

}  // namespace

std::string anisotropy_figure_script(const RunStore& store, const RunView& view,
                                     const SpanFigureOptions& options) {
  const ResultTable spans = stored_table(store, table::kSpans);
  const ByLayer ratios = values_of(spans, options.span_kind, "max_over_min");
  const ByLayer variations = values_of(spans, options.span_kind, "coefficient_of_variation");
  if (ratios.empty()) {
    fail(ErrorCode::kNothingToMeasure,
         "no {} span has two directions with a response above 0 at the stored analysis' epsilon",
         options.span_kind);
  }
  const double epsilon = number_setting(store, "epsilon");
  std::string text = provenance_caption(
      view,
      fmt::format("{} at ε = {:g}",
                  counted(static_cast<int64_t>(ratios.begin()->second.size()), options.span_kind + " span"),
                  epsilon));
  text +=
      " A point: the directions of one span, spread sideways for sight only. Square and bar: median and "
      "quartiles over "
      "spans. The ratio grows with the number of directions; the coefficient of variation does not.";
  const Caption caption = caption_of(text);
  const double bottom = caption.height + 0.145;
  const double high = 1 / round_number_below(1 / (1.05 * largest_of(ratios)));
  return terminal_line(options.format) + "set encoding utf8\n" + data_blocks("ratio", ratios) +
         data_blocks("variation", variations) + "unset key\n" + frame() + "set multiplot\n" +
         title_lines(view, "How uneven directions are",
                     fmt::format("{} spans, ε = {:g}", options.span_kind, epsilon)) +
         caption.script + layer_axis(ratios) +
         fmt::format("set ylabel 'largest over smallest KL' offset 0.5,0\nset yrange [1:{}]\n",
                     shortest_text(high)) +
         logarithmic_axis("y", 1, high) +
         "set format y '%g'\nset ytics (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)\n" +
         panel("ratio", kFigureLeft, 0.5, bottom) +
         // The labels are drawn once, with the first panel.
         "unset label\nunset logscale y\nunset mytics\nset ytics autofreq nomirror out\n" +
         layer_axis(variations) +
         fmt::format("set ylabel 'coefficient of variation of KL' offset 0.5,0\nset yrange [0:{}]\n",
                     shortest_text(1.05 * std::max(largest_of(variations), 1e-3))) +
         panel("variation", 0.59, 0.98, bottom) + "unset multiplot\n";
}

}  // namespace tugline
