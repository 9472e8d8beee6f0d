// scatter_figure: |a| of each span against what the dataset says of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/captions.h"
#include "tugline/report/figure_style.h"
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

Plot plot_of(const ResultTable& spans, const FigureSubject& subject) {
  const size_t example = column_of(spans, "example");
  const size_t metric = metric_column_of(spans, subject.metric);
  const size_t a = column_of(spans, "abs_a");
  Plot plot;
  for (const std::vector<Cell>& row : rows_of(spans, subject.span_kinds.front(), subject.layers.front())) {
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

constexpr size_t kMostColours = 12;  // examples that a key names

std::vector<Series> series_of(const Plot& plot) {
  const bool has_colours = plot.examples.size() <= kMostColours;
  const std::vector<std::string> colours = curve_colours(has_colours ? plot.examples.size() : 1);
  std::vector<Series> all;
  for (const auto& [example, points] : plot.examples) {
    // Full and open marks in turn: neighbours in the palette stay apart. A little transparent: many may share
    // one value.
    Series series{.form = Form::kPoints,
                  .colour = has_colours ? colours[all.size()] : colours.front(),
                  .opacity = has_colours ? 0.75 : 0.35,
                  .width = 1.4,
                  .size = has_colours ? 0.9 : 0.6,
                  .point = !has_colours || all.size() % 2 == 0 ? 7 : 6};
    for (const auto& [x, y] : points) series.marks.push_back({.x = x, .y = y});
    all.push_back(std::move(series));
  }
  return all;
}

std::string number_text(const std::optional<double>& value) {
  return value ? fmt::format("{:.2g}", *value) : "n/a";
}

// "pooled: Spearman ρ = 0.12 (p = 0.3, q = 0.5), Pearson r = ..."
std::string correlation_text(const RunStore& store, const FigureSubject& subject, const char* scaling) {
  const ResultTable table = stored_table(store, table::kCorrelations);
  for (const std::vector<Cell>& row : rows_of(table, subject.span_kinds.front(), subject.layers.front())) {
    const auto at = [&](const char* column) { return row[column_of(table, column)]; };
    if (at("measure") != Cell("abs_a") || at("metric") != Cell(subject.metric) ||
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

Sheet sheet_of(const Plot& plot, const FigureSubject& subject) {
  Panel panel{.x = linear_axis(plot.x_low, plot.x_high),
              .y = logarithmic_axis(plot.y_low, plot.y_high),
              .series = series_of(plot)};
  panel.x.low =
      std::min(panel.x.low, plot.x_low - 0.03 * (panel.x.high - panel.x.low));  // no mark on the edge
  panel.x.name = subject.metric;
  panel.y.name = "|a| of aε² + bε, " + (subject.measure.unit.empty() ? "a number" : subject.measure.unit);
  panel.y.has_powers = true;
  Sheet sheet{.panels = {std::move(panel)}};
  if (plot.examples.size() > kMostColours) return sheet;
  sheet.key_title = "example";
  for (const auto& [example, points] : plot.examples)
    sheet.key.push_back({fmt::format("{}", example), sheet.panels.front().series[sheet.key.size()]});
  return sheet;
}

}  // namespace

Figure scatter_figure(const RunStore& store, const RunView& view, const FigureSubject& subject) {
  if (const std::string kept = text_setting(store, "measure"); kept != subject.measure.name)
    refuse("measure",
           "scatter draws the stored analysis, which is of {}; analyze the run with the measure {} first",
           kept, subject.measure.name);
  const Plot plot = plot_of(stored_table(store, table::kSpans), subject);
  if (plot.spans == 0) {
    fail(ErrorCode::kNothingToMeasure, "no {} span at layer {} has both a fit and a value of {}",
         subject.span_kinds.front(), subject.layers.front(), subject.metric);
  }
  Sheet sheet = sheet_of(plot, subject);
  sheet.remarks = {"pooled:  " + correlation_text(store, subject, "pooled"),
                   "within examples, scaled to 0-1:  " + correlation_text(store, subject, "within_example")};
  std::string drawn = fmt::format(
      "Fit on 0 < |ε| ≤ {:g}. p: permutation within examples; q: Benjamini-Hochberg over layers and metrics.",
      number_setting(store, "small_epsilon"));
  if (plot.without_value > 0)
    drawn +=
        fmt::format(" Without a value of both, or 0, and left out: {}.", counted(plot.without_value, "span"));
  set_headings(sheet, view, "Sensitivity of a span against its " + subject.metric,
               fmt::format("{}, {}", kinds_text(subject), layers_text(subject)));
  set_captions(sheet, view,
               {.spans = fmt::format("{} of {}", counted(plot.spans, subject.span_kinds.front() + " span"),
                                     counted(std::ssize(plot.examples), "example")),
                .drawn = drawn});
  return figure_of(sheet, subject.look);
}

}  // namespace tugline
