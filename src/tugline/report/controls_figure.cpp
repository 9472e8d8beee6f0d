#include "tugline/report/controls_figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/captions.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/run_grid.h"
#include "tugline/stats/contrasts.h"
#include "tugline/stats/quantile.h"

namespace tugline {
namespace {

constexpr size_t kMostWhole = 20;  // examples; of more, the axis leaves the farthest out

// One row of a panel: the anchors against one kind, at one layer.
struct Row {
  std::string kind = {};
  std::vector<double> differences = {};  // by example
  MeanEstimate mean = {};                // of them
  int64_t larger = 0;
};

Row row_of(const std::vector<AnchorPair>& pairs, const std::string& kind, bool is_relative) {
  Row row{.kind = kind};
  double other = 0;
  for (const AnchorPair& pair : pairs) other += pair.other / static_cast<double>(pairs.size());
  const double unit = is_relative && other > 0 ? other / 100 : 1;
  std::vector<ClusteredValue> values;
  for (const AnchorPair& pair : pairs) {
    row.differences.push_back((pair.anchor - pair.other) / unit);
    values.push_back({.cluster = pair.example, .value = row.differences.back()});
    row.larger += pair.anchor > pair.other ? 1 : 0;
  }
  row.mean = mean_over_spans(values);
  return row;
}

// "+34 % [12, 56], 7 of 8, p = 0.01"
std::string numbers_of(const Row& row, bool is_relative) {
  const char* unit = is_relative ? " %" : "";
  std::string text = fmt::format("{:+.3g}{}", row.mean.mean, unit);
  if (row.mean.ci_low) text += fmt::format(" [{:.3g}, {:.3g}]", *row.mean.ci_low, *row.mean.ci_high);
  text += fmt::format(", {} of {} larger", row.larger, row.differences.size());
  if (const auto p = p_value_of_zero(row.mean))
    text += *p < 0.001 ? ", p < 0.001" : fmt::format(", p = {:.2g}", *p);
  return text;
}

// All rows' differences and intervals; with many examples, without the farthest at both ends.
Axis difference_axis(const std::vector<std::vector<Row>>& layers) {
  constexpr std::array<double, 2> kShown{0.02, 0.98};
  double low = 0;
  double high = 0;
  for (const std::vector<Row>& rows : layers)
    for (const Row& row : rows) {
      const bool is_whole = row.differences.size() <= kMostWhole;
      const std::vector<double> ends = is_whole ? quantiles(row.differences, std::array<double, 2>{0, 1})
                                                : quantiles(row.differences, kShown);
      low = std::min({low, ends[0], row.mean.ci_low.value_or(row.mean.mean)});
      high = std::max({high, ends[1], row.mean.ci_high.value_or(row.mean.mean)});
    }
  const double room = 0.03 * (high - low);
  return linear_axis(low == 0 ? -room : low, high == 0 ? room : high);
}

// Spreads a row's dots for sight: the golden ratio's multiples fill an interval evenly at every count.
double spread(size_t i) {
  constexpr double kGolden = 0.6180339887498949;
  double whole = 0;
  return 0.5 * (std::modf(static_cast<double>(i) * kGolden, &whole) - 0.5);
}

Panel panel_of(const std::vector<Row>& rows, int32_t layer, const Axis& axis, bool is_relative) {
  Panel panel{.title = fmt::format("layer {}", layer), .x = axis, .across_x = {0}};
  Series means{.form = Form::kSideBars, .colour = "#d55e00", .width = 2.2, .size = 1, .point = 5};
  std::vector<std::string> names;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    const auto place = static_cast<double>(names.size());
    const bool is_many = row->differences.size() > kMostWhole;
    Series dots{.form = Form::kPoints,
                .colour = curve_colours(1).front(),
                .opacity = is_many ? 0.3 : 0.6,
                .size = is_many ? 0.4 : 0.6};
    for (size_t i = 0; i < row->differences.size(); ++i)
      dots.marks.push_back({.x = row->differences[i], .y = place + spread(i)});
    panel.series.push_back(std::move(dots));
    means.marks.push_back({.x = row->mean.mean,
                           .y = place,
                           .low = row->mean.ci_low.value_or(row->mean.mean),
                           .high = row->mean.ci_high.value_or(row->mean.mean)});
    names.push_back(name_of_kind(row->kind));
    panel.lines_beside.push_back(numbers_of(*row, is_relative));
  }
  panel.series.push_back(std::move(means));
  panel.y = category_axis(names);
  return panel;
}

std::vector<std::string> other_kinds(const RunView& view, const FigureSubject& subject) {
  std::vector<std::string> kinds;
  const bool has_choice = subject.span_kinds.size() > 1 || subject.span_kinds.front() != kAnchorKind;
  for (const std::string& kind : view.span_kinds) {
    const bool is_chosen =
        std::find(subject.span_kinds.begin(), subject.span_kinds.end(), kind) != subject.span_kinds.end();
    // Moved pushes are other places of the same sentence, not other sentences: they are drawn if they are
    // named.
    const bool is_usual = !has_choice && !kind.starts_with("control_offset");
    if (kind != kAnchorKind && (is_chosen || is_usual)) kinds.push_back(kind);
  }
  if (!view.span_kinds.contains(kAnchorKind) || kinds.empty())
    refuse("spans",
           "the kind controls compares anchors with other spans, and the run has {}; sweep it with anchors "
           "and controls or chunks",
           fmt::join(view.span_kinds, ", "));
  return kinds;
}

int64_t beyond(const std::vector<std::vector<Row>>& layers, const Axis& axis) {
  int64_t count = 0;
  for (const std::vector<Row>& rows : layers)
    for (const Row& row : rows)
      count += std::count_if(row.differences.begin(), row.differences.end(),
                             [&](double d) { return d < axis.low || d > axis.high; });
  return count;
}

}  // namespace

Figure controls_figure(const RunStore& store, const RunView& view, const FigureSubject& subject) {
  const std::vector<std::string> kinds = other_kinds(view, subject);
  const double epsilon = epsilon_of(view, subject);
  const ResponseGrid grid = read_grid(store, DirectionSet::kMain, subject.measure);
  const auto place = std::find(grid.epsilons.begin(), grid.epsilons.end(), epsilon);
  if (place == grid.epsilons.end())
    refuse("epsilon", "not every layer has {}; those are {}", epsilon, fmt::join(grid.epsilons, ", "));
  std::vector<std::vector<Row>> layers;
  std::vector<int32_t> drawn_layers;
  size_t most = 0;
  for (const int32_t layer : subject.layers) {
    const auto index = std::find(grid.layers.begin(), grid.layers.end(), layer) - grid.layers.begin();
    const size_t point =
        grid.point(static_cast<size_t>(index), static_cast<size_t>(place - grid.epsilons.begin()));
    std::vector<Row> rows;
    for (const std::string& kind : kinds)
      if (const auto pairs = anchor_pairs(grid, kind, point); !pairs.empty())
        rows.push_back(row_of(pairs, kind, subject.measure.is_divergence));
    for (const Row& row : rows) most = std::max(most, row.differences.size());
    if (rows.empty()) continue;
    layers.push_back(std::move(rows));
    drawn_layers.push_back(layer);
  }
  if (layers.empty())
    fail(ErrorCode::kNothingToMeasure,
         "no example has both an anchor and a span of kind {} with all layers and pushes",
         fmt::join(kinds, ", "));
  Axis axis = difference_axis(layers);
  axis.name = subject.measure.is_divergence
                  ? fmt::format("anchor minus the others, % of the others' mean {}", subject.measure.label)
                  : fmt::format("anchor minus the others, {}", axis_name(subject.measure));
  Sheet sheet{.panel_height = 24 + 34 * static_cast<double>(kinds.size())};
  for (size_t i = 0; i < layers.size(); ++i)
    sheet.panels.push_back(panel_of(layers[i], drawn_layers[i], axis, subject.measure.is_divergence));
  std::string drawn =
      "A dot: one example, its anchor minus the mean of its other spans. Square and bar: mean and 95 % t "
      "interval over examples.";
  if (const int64_t count = beyond(layers, axis); count > 0)
    drawn += fmt::format(" Beyond the axis: {}.", counted(count, "dot"));
  set_headings(sheet, view, "Is the anchor more sensitive than other sentences?",
               fmt::format("ε = {:g}", epsilon));
  set_captions(sheet, view, {.spans = counted(static_cast<int64_t>(most), "example"), .drawn = drawn});
  return figure_of(sheet, subject.look);
}

}  // namespace tugline
