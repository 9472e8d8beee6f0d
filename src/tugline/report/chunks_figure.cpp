// chunks_figure_script: one curve a span, coloured by what the dataset says of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/figure_parts.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/gnuplot.h"
#include "tugline/report/row_writer.h"
#include "tugline/report/run_grid.h"
#include "tugline/report/span_figures.h"
#include "tugline/report/stored_analysis.h"
#include "tugline/stats/metric_correlations.h"

namespace tugline {
namespace {

struct SpanCurve {
  std::vector<std::pair<double, double>> points = {};  // epsilon > 0, KL > 0
  double colour = 0;
  bool has_sizes = false;  // epsilons above 0
};

struct Plot {
  std::vector<SpanCurve> curves = {};  // by colour: what stands out is drawn last
  double low = INFINITY;
  double high = 0;
  double colour_low = INFINITY;
  double colour_high = -INFINITY;
  int64_t without_colour = 0;
  int64_t examples = 0;
  std::set<double> off_axis = {};  // epsilons that a logarithmic axis has no place for
};

using Colours = std::map<std::pair<int64_t, int64_t>, double>;  // by (example, chunk)

Colours colours_by_metric(const RunStore& store, const SpanFigureOptions& options) {
  const ResultTable spans = stored_table(store, table::kSpans);
  const size_t metric = metric_column_of(spans, options.metric);
  const size_t example = column_of(spans, "example");
  const size_t chunk = column_of(spans, "chunk");
  Colours colours;
  for (const std::vector<Cell>& row : rows_of(spans, options.span_kind, options.layer)) {
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

void add_curve(const ResponseGrid& grid, const GridSpan& span, size_t layer, double colour, Plot& plot) {
  const std::vector<double> kl = grid.mean_curve(span);
  SpanCurve curve{.colour = colour};
  for (size_t i = 0; i < grid.epsilons.size(); ++i) {
    const double value = kl[grid.point(layer, i)];
    if (grid.epsilons[i] <= 0) plot.off_axis.insert(grid.epsilons[i]);
    curve.has_sizes = curve.has_sizes || grid.epsilons[i] > 0;
    if (grid.epsilons[i] <= 0 || value <= 0) continue;
    curve.points.emplace_back(grid.epsilons[i], value);
    plot.low = std::min(plot.low, value);
    plot.high = std::max(plot.high, value);
  }
  plot.colour_low = std::min(plot.colour_low, colour);
  plot.colour_high = std::max(plot.colour_high, colour);
  plot.curves.push_back(std::move(curve));
}

Plot plot_of(const ResponseGrid& grid, const Colours& colours, const SpanFigureOptions& options) {
  const auto layer = static_cast<size_t>(
      std::lower_bound(grid.layers.begin(), grid.layers.end(), options.layer) - grid.layers.begin());
  Plot plot;
  std::map<int64_t, int64_t> examples;
  for (const GridSpan& span : grid.spans) {
    if (span.key.span_kind != options.span_kind) continue;
    const auto colour = colours.find({span.key.example, span.key.chunk});
    if (colour == colours.end()) {
      ++plot.without_colour;
      continue;
    }
    add_curve(grid, span, layer, colour->second, plot);
    ++examples[span.key.example];
  }
  plot.examples = static_cast<int64_t>(examples.size());
  std::stable_sort(plot.curves.begin(), plot.curves.end(),
                   [](const SpanCurve& a, const SpanCurve& b) { return a.colour < b.colour; });
  return plot;
}

void check_can_be_drawn(const Plot& plot, const SpanFigureOptions& options) {
  if (plot.curves.empty()) {
    fail(ErrorCode::kNothingToMeasure, "no {} span at layer {} has a value of {}", options.span_kind,
         options.layer, options.metric.empty() ? "its chunk's number" : options.metric);
  }
  const bool has_sizes = std::any_of(plot.curves.begin(), plot.curves.end(),
                                     [](const SpanCurve& curve) { return curve.has_sizes; });
  if (!has_sizes)
    fail(ErrorCode::kNothingToMeasure, "the run has no epsilon above 0, which a logarithmic axis needs: {}",
         fmt::join(plot.off_axis, ", "));
  if (plot.high <= 0) {
    fail(ErrorCode::kNothingToMeasure,
         "every response of the {} spans at layer {} is 0: a logarithmic axis has nothing to draw",
         options.span_kind, options.layer);
  }
}

std::string data_block(const Plot& plot) {
  std::string text = "$curves << END\n";
  for (const SpanCurve& curve : plot.curves) {
    for (const auto& [epsilon, kl] : curve.points)
      text +=
          fmt::format("{} {} {}\n", shortest_text(epsilon), shortest_text(kl), shortest_text(curve.colour));
    text += "\n\n";
  }
  return text + "END\n";
}

std::string axes(const Plot& plot, const RunView& view, const std::string& colour_label) {
  const double low = round_number_below(plot.low);
  const double high = 1 / round_number_below(1 / (1.1 * plot.high));
  double lowest = INFINITY;
  double highest = 0;
  for (const SpanCurve& curve : plot.curves) {
    for (const auto& [epsilon, kl] : curve.points) {
      lowest = std::min(lowest, epsilon);
      highest = std::max(highest, epsilon);
    }
  }
  if (lowest == highest) lowest /= 2, highest *= 2;
  const double colour_high = plot.colour_high > plot.colour_low ? plot.colour_high : plot.colour_low + 1;
  return fmt::format(
             "set xlabel '{}' offset 0,0.2\n"
             "set ylabel 'KL(pushed ‖ base), nats' offset 0.5,0\n"
             "set xrange [{}:{}]\nset yrange [{}:{}]\n",
             epsilon_name(view), shortest_text(lowest), shortest_text(highest), shortest_text(low),
             shortest_text(high)) +
         plain_logarithmic_axis("x", lowest, highest) + logarithmic_axis("y", low, high) +
         fmt::format("{}\nset cbrange [{}:{}]\nset cblabel {} noenhanced offset 0.8,0\n", viridis_palette(),
                     shortest_text(plot.colour_low), shortest_text(colour_high),
                     gnuplot_quoted(colour_label));
}

}  // namespace

std::string chunks_figure_script(const RunStore& store, const RunView& view,
                                 const SpanFigureOptions& options) {
  const ResponseGrid grid = read_grid(store);
  const Plot plot = plot_of(
      grid,
      options.metric.empty() ? colours_by_place(grid, options.span_kind) : colours_by_metric(store, options),
      options);
  check_can_be_drawn(plot, options);
  const std::string colour = options.metric.empty() ? "number of the chunk in its text" : options.metric;
  std::string text = provenance_caption(
      view, fmt::format("{} of {} at layer {}",
                        counted(static_cast<int64_t>(plot.curves.size()), options.span_kind + " span"),
                        counted(plot.examples, "example"), options.layer));
  text += " Each line: the mean over the directions at one span.";
  if (plot.off_axis == std::set<double>{0.0}) {
    text += " At ε = 0 the KL is exactly 0, off the logarithmic axes.";
  } else if (!plot.off_axis.empty()) {
    text += fmt::format(
        " The run's other epsilons, {}, are not above 0 and have no place on the logarithmic axis.",
        fmt::join(plot.off_axis, ", "));
  }
  if (plot.without_colour > 0)
    text += fmt::format(" Without a value and left out: {}.", counted(plot.without_colour, "span"));
  const Caption caption = caption_of(text);
  const double width = plot.curves.size() > 60 ? 0.9 : 1.4;  // many lines would cover each other
  return terminal_line(options.format) + "set encoding utf8\n" +
         title_lines(view, "How far a push moves the next-token distributions, span by span",
                     fmt::format("{} spans, layer {}", options.span_kind, options.layer)) +
         caption.script +
         fmt::format(
             "set bmargin at screen {:.4f}\nset tmargin at screen 0.87\nset lmargin at screen {}\n"
             "set rmargin at screen 0.86\nunset key\n",
             caption.height + 0.145, kFigureLeft) +
         axes(plot, view, colour) + frame() + data_block(plot) +
         fmt::format(
             "plot $curves using 1:2:3 with lines lw {} lc palette notitle, \\\n"
             "  $curves using 1:2:3 with points pt 7 ps 0.3 lc palette notitle\n",
             width);
}

}  // namespace tugline
