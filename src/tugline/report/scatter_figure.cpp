// scatter_figure_script: |a| of each span against what the dataset says of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/figure_parts.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/gnuplot.h"
#include "tugline/report/row_writer.h"
#include "tugline/report/span_figures.h"
#include "tugline/report/stored_analysis.h"

namespace tugline {
namespace {

struct Plot {
  std::map<int64_t, std::vector<std::pair<double, double>>> examples = {};  // metric, |a|
  double x_low = INFINITY, x_high = -INFINITY;
  double y_low = INFINITY, y_high = 0;
  int64_t spans = 0;
  int64_t without_value = 0;
};

Plot plot_of(const ResultTable& spans, const SpanFigureOptions& options) {
  const size_t example = column_of(spans, "example");
  const size_t metric = metric_column_of(spans, options.metric);
  const size_t a = column_of(spans, "abs_a");
  Plot plot;
  for (const std::vector<Cell>& row : rows_of(spans, options.span_kind, options.layer)) {
    const std::optional<double> x = number_of(row[metric]);
    const std::optional<double> y = number_of(row[a]);
    if (!x || !y || *y <= 0) {  // 0: not on a logarithmic axis
      ++plot.without_value;
      continue;
    }
    plot.examples[std::get<int64_t>(row[example])].emplace_back(*x, *y);
    plot.x_low = std::min(plot.x_low, *x);
    plot.x_high = std::max(plot.x_high, *x);
    plot.y_low = std::min(plot.y_low, *y);
    plot.y_high = std::max(plot.y_high, *y);
    ++plot.spans;
  }
  return plot;
}

std::string data_blocks(const Plot& plot) {
  std::string text;
  for (const auto& [example, points] : plot.examples) {
    text += fmt::format("$example{} << END\n", example);
    for (const auto& [x, y] : points) text += fmt::format("{} {}\n", shortest_text(x), shortest_text(y));
    text += "END\n";
  }
  return text;
}

std::string plot_command(const Plot& plot) {
  const std::vector<std::string> colours = curve_colours(plot.examples.size());
  std::vector<std::string> parts;
  for (const auto& [example, points] : plot.examples) {
    // Full and open marks in turn: neighbours in the palette stay apart. A little transparent: many may share one value.
    parts.push_back(
        fmt::format("$example{0} using 1:2 with points pt {1} ps 0.9 lw 1.4 lc rgb '#40{2}' title '{0}'",
                    example, parts.size() % 2 == 0 ? 7 : 6, colours[parts.size()].substr(1)));
  }
  return fmt::format("plot \\\n  {}\n", fmt::join(parts, ", \\\n  "));
}

std::string number_text(const std::optional<double>& value) {
  return value ? fmt::format("{:.2g}", *value) : "n/a";
}

// "pooled: Spearman ρ = 0.12 (p = 0.3, q = 0.5), Pearson r = ..."
std::string correlation_text(const RunStore& store, const SpanFigureOptions& options, const char* scaling) {
  const ResultTable table = stored_table(store, table::kCorrelations);
  for (const std::vector<Cell>& row : rows_of(table, options.span_kind, options.layer)) {
    const auto at = [&](const char* column) { return row[column_of(table, column)]; };
    if (at("measure") != Cell("abs_a") || at("metric") != Cell(options.metric) ||
        at("scaling") != Cell(scaling))
      continue;
    const auto coefficient = [&](const char* column) {
      const std::optional<double> value = number_of(at(column));
      return value ? fmt::format("{:.2f}", *value) : "n/a";
    };
    const auto value = [&](const char* column) { return number_text(number_of(at(column))); };
    return fmt::format("Spearman ρ = {} (p = {}, q = {});  Pearson r = {} (p = {}, q = {})",
                       coefficient("spearman"), value("spearman_p"), value("spearman_q"),
                       coefficient("pearson"), value("pearson_p"), value("pearson_q"));
  }
  return "not in the kept analysis";
}

std::string axes(const Plot& plot, const SpanFigureOptions& options) {
  const double low = round_number_below(plot.y_low / 1.1);
  const double high = 1 / round_number_below(1 / (1.1 * plot.y_high));
  const double room = plot.x_high > plot.x_low ? 0.03 * (plot.x_high - plot.x_low) : 0.5;
  return fmt::format(
             "set xlabel {} noenhanced offset 0,0.2\nset xrange [{}:{}]\nset xtics nomirror out\nset "
             "format x '%g'\n"
             "set ylabel '|a| of aε² + bε, nats' offset 0.5,0\nset yrange [{}:{}]\n",
             gnuplot_quoted(options.metric), shortest_text(plot.x_low - room),
             shortest_text(plot.x_high + room), shortest_text(low), shortest_text(high)) +
         logarithmic_axis("y", low, high);
}

}  // namespace

std::string scatter_figure_script(const RunStore& store, const RunView& view,
                                  const SpanFigureOptions& options) {
  const Plot plot = plot_of(stored_table(store, table::kSpans), options);
  if (plot.spans == 0) {
    fail(ErrorCode::kNothingToMeasure, "no {} span at layer {} has both a fit and a value of {}",
         options.span_kind, options.layer, options.metric);
  }
  std::string text = provenance_caption(
      view, fmt::format("{} of {} at layer {}", counted(plot.spans, options.span_kind + " span"),
                        counted(static_cast<int64_t>(plot.examples.size()), "example"), options.layer));
  text += fmt::format(
      " Fit on 0 < |ε| ≤ {:g}. p: permutation within examples; q: Benjamini-Hochberg over layers and "
      "metrics.",
      number_setting(store, "small_epsilon"));
  if (plot.without_value > 0)
    text +=
        fmt::format(" Without a value of both, or 0, and left out: {}.", counted(plot.without_value, "span"));
  const Caption caption = caption_of(text);
  return terminal_line(options.format) + "set encoding utf8\n" +
         title_lines(view, "Sensitivity of a span against its " + options.metric,
                     fmt::format("{} spans, layer {}", options.span_kind, options.layer)) +
         label_line(4, "pooled:  " + correlation_text(store, options, "pooled"), 0.88, "font ',12'") +
         label_line(5,
                    "within examples, scaled to 0-1:  " + correlation_text(store, options, "within_example"),
                    0.845, "font ',12'") +
         caption.script +
         fmt::format(
             "set bmargin at screen {:.4f}\nset tmargin at screen 0.805\nset lmargin at screen {}\n"
             "set rmargin at screen 0.87\n",
             caption.height + 0.145, kFigureLeft) +
         fmt::format(
             "set key at screen 0.885,0.805 top left Left reverse samplen 0.5 spacing 1.15 maxrows 24 "
             "title 'example' left\n") +
         axes(plot, options) + frame() + data_blocks(plot) + plot_command(plot);
}

}  // namespace tugline
