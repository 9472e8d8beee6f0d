#include "tugline/report/dose_figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/captions.h"
#include "tugline/report/families_figure.h"
#include "tugline/report/figure_style.h"

namespace tugline {
namespace {

constexpr size_t kMostInOnePanel = 3;  // series whose bars can be told apart
constexpr size_t kMostPanels = 24;     // more series are drawn in one panel, without bars
constexpr double kSideways = 0.13;     // between the bars of one layer, of a layer's width

// The doses of one curve, layer by layer.
struct DoseSeries {
  std::string name = {};
  std::vector<const DoseRow*> rows = {};  // by layer
  bool is_null = false;
  bool is_negative = false;
  std::string colour = {};
};

template <typename Value>
bool is_among(const std::vector<Value>& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool is_beyond(const DoseRow& row) { return row.dose.place == Dose::Place::kBeyond; }

// The dose's size; if it is not reached, the size where the run's pushes end.
double size_of(const DoseRow& row) {
  return std::abs(is_beyond(row) ? row.dose.largest_epsilon : row.dose.epsilon);
}

bool is_drawn(const DoseRow& row, const FigureSubject& subject) {
  return is_among(subject.span_kinds, row.span_kind) && is_among(subject.layers, row.layer);
}

struct Naming {
  const char* direction = "direction";
  bool has_null = false;
  bool has_sides = false;
};

// Only the parts of a name that tell the series apart.
std::string name_of(const DoseRow& row, const FigureSubject& subject, const Naming& naming) {
  std::vector<std::string> parts;
  if (subject.span_kinds.size() > 1) parts.push_back(name_of_kind(row.span_kind));
  if (row.direction) {
    parts.push_back(fmt::format("{} {}", naming.direction, *row.direction));
  } else if (row.set == DirectionSet::kNull) {
    parts.emplace_back("random directions");
  } else if (naming.has_null) {
    parts.emplace_back("mean of the directions");
  }
  if (naming.has_sides) parts.emplace_back(row.side == DoseSide::kPositive ? "ε > 0" : "ε < 0");
  return parts.empty() ? "mean of the directions" : fmt::format("{}", fmt::join(parts, ", "));
}

void set_colours(std::vector<DoseSeries>& all) {
  const auto coloured =
      static_cast<size_t>(std::ranges::count_if(all, [](const DoseSeries& s) { return !s.is_null; }));
  const std::vector<std::string> colours = curve_colours(coloured);
  size_t next = 0;
  for (DoseSeries& series : all) series.colour = series.is_null ? kFaint : colours[next++];
}

std::vector<DoseSeries> series_of(const RunView& view, const DoseReport& report,
                                  const FigureSubject& subject) {
  std::vector<const DoseRow*> rows;
  for (const DoseRow& row : report.doses)
    if (is_drawn(row, subject) && size_of(row) > 0) rows.push_back(&row);
  const auto any = [&rows](auto is) { return std::ranges::any_of(rows, is); };
  const Naming naming{.direction = has_vectors(view) ? "vector" : "direction",
                      .has_null = any([](const DoseRow* row) { return row->set == DirectionSet::kNull; }),
                      .has_sides = any([](const DoseRow* row) { return row->side == DoseSide::kNegative; }) &&
                                   any([](const DoseRow* row) { return row->side == DoseSide::kPositive; })};
  std::map<std::tuple<DirectionSet, size_t, int32_t, DoseSide>, DoseSeries> by_curve;
  for (const DoseRow* row : rows) {
    const auto kind = static_cast<size_t>(std::ranges::find(subject.span_kinds, row->span_kind) -
                                          subject.span_kinds.begin());
    DoseSeries& series = by_curve[{row->set, kind, row->direction.value_or(-1), row->side}];
    series.name = name_of(*row, subject, naming);
    series.is_null = row->set == DirectionSet::kNull;
    series.is_negative = row->side == DoseSide::kNegative;
    series.rows.push_back(row);
  }
  std::vector<DoseSeries> all;
  for (auto& [curve, series] : by_curve) all.push_back(std::move(series));
  set_colours(all);
  return all;
}

Axis size_axis(const std::vector<DoseSeries>& all, bool is_logarithmic, const RunView& view) {
  double low = INFINITY;
  double high = 0;
  for (const DoseSeries& series : all)
    for (const DoseRow* row : series.rows) {
      const bool is_open = !row->interval.high && row->interval.low;  // it ends beyond the pushes
      low = std::min({low, size_of(*row), row->interval.low.value_or(INFINITY)});
      high = std::max({high, size_of(*row), row->interval.high.value_or(0),
                       is_open ? std::abs(row->dose.largest_epsilon) : 0});
    }
  Axis axis = is_logarithmic ? logarithmic_axis(low, high) : linear_axis(0, high);
  axis.name = view.epsilon_is_fraction() ? "fraction ε" : "|ε| (RMS of the residual at the site)";
  return axis;
}

// `x` is the place of the mark's layer.
Mark mark_of(const DoseRow& row, double x, const Axis& axis) {
  Mark mark{.x = x, .y = size_of(row)};
  mark.low = std::max(row.interval.low.value_or(mark.y), axis.low);
  mark.high = std::min(row.interval.high.value_or(row.interval.low ? axis.high : mark.y), axis.high);
  return mark;
}

int point_of(const DoseRow& row) {
  constexpr int kDisc = 7, kCircle = 6, kTriangle = 8;
  return is_beyond(row) ? kTriangle : row.dose.place == Dose::Place::kBelow ? kCircle : kDisc;
}

double place_of(const FigureSubject& subject, int32_t layer) {
  return static_cast<double>(std::ranges::find(subject.layers, layer) - subject.layers.begin());
}

enum class Bars { kNo, kYes };

void draw_series(Panel& panel, const DoseSeries& series, const FigureSubject& subject, double sideways,
                 Bars bars) {
  Series line{.colour = series.colour,
              .opacity = 0.6,
              .width = bars == Bars::kYes ? 1 : 1.6,
              .dash = series.is_null       ? 2
                      : series.is_negative ? 4
                                           : 1};
  std::map<int, Series> marks;  // by the type of point
  for (const DoseRow* row : series.rows) {
    const Mark mark = mark_of(*row, place_of(subject, row->layer) + sideways, panel.y);
    line.marks.push_back(is_beyond(*row) ? Mark{.x = mark.x, .y = NAN} : mark);
    const int point = point_of(*row);
    Series& of_point = marks[point];
    of_point = {.form = bars == Bars::kYes ? Form::kBars : Form::kPoints,
                .marks = std::move(of_point.marks),
                .colour = series.colour,
                .width = 1.6,
                .size = 0.8,
                .point = point};
    of_point.marks.push_back(mark);
  }
  panel.series.push_back(std::move(line));
  for (auto& [point, of_point] : marks) panel.series.push_back(std::move(of_point));
}

void draw_faintly(Panel& panel, const DoseSeries& series, const FigureSubject& subject) {
  Series line{.colour = kFaint, .opacity = 0.45, .width = 0.9};
  for (const DoseRow* row : series.rows)
    line.marks.push_back({.x = place_of(subject, row->layer), .y = is_beyond(*row) ? NAN : size_of(*row)});
  panel.series.push_back(std::move(line));
}

KeyEntry key_of(const DoseSeries& series) {
  return {.name = series.name,
          .look = {.colour = series.colour,
                   .size = 0.8,
                   .dash = series.is_null       ? 2
                           : series.is_negative ? 4
                                                : 1}};
}

void add_panel_of_all(Sheet& sheet, const std::vector<DoseSeries>& all, const FigureSubject& subject,
                      const Axis& axis) {
  Panel panel{.x = layer_axis(subject.layers), .y = axis};
  const bool has_room = all.size() <= kMostInOnePanel + 1;
  const double first = has_room ? -kSideways * static_cast<double>(all.size() - 1) / 2 : 0;
  for (size_t i = 0; i < all.size(); ++i) {
    const double sideways = has_room ? first + kSideways * static_cast<double>(i) : 0;
    draw_series(panel, all[i], subject, sideways, has_room ? Bars::kYes : Bars::kNo);
    if (all.size() > 1) sheet.key.push_back(key_of(all[i]));
  }
  sheet.panels.push_back(std::move(panel));
}

// A panel for each series, the random directions in all of them.
void add_panels(Sheet& sheet, const std::vector<DoseSeries>& all, const FigureSubject& subject,
                const Axis& axis) {
  for (const DoseSeries& series : all) {
    if (series.is_null) continue;
    Panel panel{.title = series.name, .x = layer_axis(subject.layers), .y = axis};
    for (const DoseSeries& other : all)
      if (&other != &series && !other.is_null) draw_faintly(panel, other, subject);
    for (const DoseSeries& other : all)
      if (other.is_null) draw_series(panel, other, subject, kSideways, Bars::kYes);
    draw_series(panel, series, subject, 0, Bars::kYes);
    sheet.panels.push_back(std::move(panel));
  }
  for (const DoseSeries& series : all)
    if (series.is_null) sheet.key.push_back(key_of(series));
  sheet.columns = columns_for(sheet.panels.size());
}

// "3.27 [2.9, 3.8]"
std::string numbers_of(const DoseRow& row) {
  if (is_beyond(row))
    return fmt::format("not reached: {:.2g} nats at {:g}", row.dose.largest_response,
                       row.dose.largest_epsilon);
  std::string text = fmt::format("{:.3g}", row.dose.epsilon);
  if (!row.interval.low) return text;
  return text + (row.interval.high ? fmt::format(" [{:.3g}, {:.3g}]", *row.interval.low, *row.interval.high)
                                   : fmt::format(" [{:.3g}, beyond]", *row.interval.low));
}

// One layer: a row for each series.
void add_rows(Sheet& sheet, const std::vector<DoseSeries>& all, const Axis& axis) {
  Panel panel{.x = axis};
  std::vector<std::string> names;
  for (auto series = all.rbegin(); series != all.rend(); ++series) {
    const DoseRow& row = *series->rows.front();
    Mark mark = mark_of(row, static_cast<double>(names.size()), axis);
    std::swap(mark.x, mark.y);
    panel.series.push_back({.form = Form::kSideBars,
                            .marks = {mark},
                            .colour = series->colour,
                            .size = 0.9,
                            .point = point_of(row)});
    names.push_back(series->name);
    panel.lines_beside.push_back(numbers_of(row));
  }
  panel.y = category_axis(names);
  sheet.panels.push_back(std::move(panel));
  sheet.panel_height = 24 + 26 * static_cast<double>(all.size());
}

// Curves that are 0 everywhere have no place on the axis.
std::string zeros_text(const DoseReport& report, const FigureSubject& subject) {
  const auto zeros = std::ranges::count_if(
      report.doses, [&](const DoseRow& row) { return is_drawn(row, subject) && size_of(row) == 0; });
  return zeros == 0
             ? ""
             : fmt::format(" Left out: {} that the pushes do not move at all.", counted(zeros, "curve"));
}

// One digit, without an exponent.
std::string percent_text(double percent) {
  return percent >= 10 ? fmt::format("{:.0f}", percent) : fmt::format("{:.1g}", std::max(percent, 1e-3));
}

std::string drawn_text(const std::vector<DoseSeries>& all, const DoseReport& report) {
  bool has_beyond = false, has_below = false, has_interval = false, has_null = false;
  double worst = 0;
  for (const DoseSeries& series : all)
    for (const DoseRow* row : series.rows) {
      has_beyond = has_beyond || is_beyond(*row);
      has_below = has_below || row->dose.place == Dose::Place::kBelow;
      has_interval = has_interval || row->interval.low;
      has_null = has_null || series.is_null;
      if (!is_beyond(*row) && row->dose.interpolation_error)
        worst = std::max(worst, *row->dose.interpolation_error / size_of(*row));
    }
  std::string text = fmt::format("A mark: the ε at which {} reaches {:g} nats, interpolated to {} %.",
                                 report.statistic == "p95"       ? "the 95 % quantile of a push's rows"
                                 : report.statistic == "own-row" ? "the pushed token's own row"
                                                                 : "mean KL",
                                 report.target, percent_text(100 * worst));
  if (has_interval && all.size() <= kMostPanels + 1)
    text += " Bars: 95 % bootstrap interval over examples, spans and directions.";
  if (has_null) text += " Dashed: the mean of the random directions.";
  if (has_beyond) text += " Triangles: not reached, up to the ε where they stand.";
  if (has_below) text += " Circles: below the smallest ε, by the curve's quadratic.";
  return text;
}

std::string spans_of(const std::vector<DoseSeries>& all) {
  const DoseRow* most = all.front().rows.front();
  for (const DoseSeries& series : all)
    for (const DoseRow* row : series.rows)
      if (row->spans > most->spans) most = row;
  return fmt::format("{} of {}", counted(most->spans, most->span_kind + " span"),
                     counted(most->examples, "example"));
}

}  // namespace

Figure dose_figure(const RunView& view, const DoseReport& report, const FigureSubject& subject) {
  if (subject.look.scale == AxisScale::kLogLog)
    refuse("scale", "the kind dose draws layers, which have no logarithm; use log or linear");
  const std::vector<DoseSeries> all = series_of(view, report, subject);
  if (all.empty())
    fail(ErrorCode::kNothingToMeasure, "no {} has a dose: none has all pushes of its layer",
         kinds_text(subject));
  const Axis axis = size_axis(all, subject.look.scale != AxisScale::kLinear, view);
  const auto coloured =
      static_cast<size_t>(std::ranges::count_if(all, [](const DoseSeries& s) { return !s.is_null; }));
  Sheet sheet;
  if (subject.layers.size() == 1) {
    add_rows(sheet, all, axis);
  } else if (coloured <= kMostInOnePanel || coloured > kMostPanels) {
    add_panel_of_all(sheet, all, subject, axis);
  } else {
    add_panels(sheet, all, subject, axis);
  }
  set_headings(sheet, view, fmt::format("The push that moves KL to {:g} nats", report.target),
               kinds_text(subject) + (subject.layers.size() == 1 ? ", " + layers_text(subject) : ""));
  set_captions(sheet, view,
               {.spans = spans_of(all), .drawn = drawn_text(all, report) + zeros_text(report, subject)});
  return figure_of(sheet, subject.look);
}

}  // namespace tugline
