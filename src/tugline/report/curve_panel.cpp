#include "tugline/report/curve_panel.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/captions.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/row_writer.h"

namespace tugline {
namespace {

constexpr double kFarthest = 6;  // times its mean: how far an interval is shown on a logarithmic axis
constexpr size_t kMostMarkers = 60;

template <typename Visit>
void for_each_value(const std::vector<Curve>& curves, Visit visit) {
  for (const Curve& curve : curves)
    for (const CurveValue& value : curve.values) visit(curve, value);
}

bool any_value(const std::vector<Curve>& curves, bool (*is)(const CurveValue&)) {
  bool found = false;
  for_each_value(curves, [&](const Curve&, const CurveValue& value) { found = found || is(value); });
  return found;
}

AxisScale scale_for(const std::vector<Curve>& curves, const ResponseMeasure& measure, AxisScale wanted) {
  const bool has_positive = any_value(curves, [](const CurveValue& v) { return v.of.kl.mean > 0; });
  const bool has_size = any_value(curves, [](const CurveValue& v) { return v.x > 0 && v.of.kl.mean > 0; });
  const bool has_negative = any_value(curves, [](const CurveValue& v) { return v.x < 0; });
  if (wanted == AxisScale::kAuto) {
    if (!measure.is_divergence || measure.name == "top1_flips" || !has_positive) return AxisScale::kLinear;
    return has_negative || !has_size || has_single_x(curves) ? AxisScale::kLog : AxisScale::kLogLog;
  }
  if (wanted == AxisScale::kLogLog && !has_size)
    refuse("scale", "log-log draws values above 0 at positions above 0, and there are none; use linear{}",
           has_positive ? " or log" : "");
  if (wanted == AxisScale::kLog && !has_positive)
    refuse("scale", "log draws values above 0, and every {} here is 0 or below; use linear", measure.label);
  return wanted;
}

void set_x(const std::vector<Curve>& curves, CurveAxes& axes) {
  const bool is_log = axes.scale == AxisScale::kLogLog;
  double low = INFINITY;
  double high = -INFINITY;
  for_each_value(curves, [&](const Curve&, const CurveValue& value) {
    if (is_log && (value.x <= 0 || value.of.kl.mean <= 0)) return;
    low = std::min(low, value.x);
    high = std::max(high, value.x);
  });
  axes.x = is_log ? logarithmic_axis(low, high) : linear_axis(low, high);
}

void set_y(const std::vector<Curve>& curves, CurveAxes& axes) {
  const bool is_log = axes.scale != AxisScale::kLinear;
  double low = is_log ? INFINITY : 0;
  double high = is_log ? 0 : -INFINITY;
  axes.y.is_logarithmic = is_log;
  for_each_value(curves, [&](const Curve& curve, const CurveValue& value) {
    const Mark mark = mark_of(curve, value, axes);
    if (is_log && (mark.y <= 0 || (axes.scale == AxisScale::kLogLog && mark.x <= 0))) return;
    const double least = is_log ? mark.y / kFarthest : -INFINITY;
    const double most = is_log ? mark.y * kFarthest : INFINITY;
    low = std::min({low, mark.y, std::isfinite(mark.low) ? std::max(mark.low, least) : mark.y});
    high = std::max({high, mark.y, std::isfinite(mark.high) ? std::min(mark.high, most) : mark.y});
    axes.has_cut_bands = axes.has_cut_bands || mark.low < least || mark.high > most;
  });
  axes.y = is_log ? logarithmic_axis(low, high) : linear_axis(low, high);
  axes.y.has_powers = is_log;
}

std::vector<Mark> marks_of(const Curve& curve, const CurveAxes& axes) {
  std::vector<Mark> marks;
  for (const CurveValue& value : curve.values) marks.push_back(mark_of(curve, value, axes));
  return marks;
}

std::vector<Mark> measured_marks(const Curve& curve, const CurveAxes& axes) {
  std::vector<Mark> marks;
  for (const CurveValue& value : curve.values)
    if (!value.is_interpolated) marks.push_back(mark_of(curve, value, axes));
  return marks;
}

std::string error_sentence(const std::vector<Curve>& curves, const CurveAxes& axes,
                           const CurvePoint& typical) {
  const bool has_error =
      any_value(curves, [](const CurveValue& v) { return v.of.kl.standard_error.value_or(0) > 0; });
  if (!has_error)
    return typical.kl.standard_error ? "No error band: all values are the same."
                                     : "No error band: one span and one direction.";
  const std::string over = typical.examples > 1 ? counted(typical.examples, "example")
                           : typical.spans > 1  ? counted(typical.spans, "span") + " of one example"
                                                : counted(typical.directions, "direction") + " at one span";
  constexpr int64_t kFewExamples = 10;
  const char* few =
      typical.examples > 1 && typical.examples < kFewExamples ? " (few: likely too narrow)" : "";
  return fmt::format("{}: 95 % t interval {}over {}{}{}.", has_single_x(curves) ? "Bars" : "Bands",
                     axes.y.is_logarithmic ? "of the mean's logarithm " : "", over, few,
                     axes.has_cut_bands ? ", cut at the axis" : "");
}

std::string null_sentence(const std::vector<Curve>& curves) {
  const auto null = std::find_if(curves.begin(), curves.end(), [](const Curve& c) { return c.is_null; });
  if (null == curves.end()) return "";
  const bool has_rows = has_single_x(curves);
  return fmt::format("{}: the mean of {}; {}: the range of 95 % of them, each one's mean over the spans.",
                     has_rows ? " Grey" : "Dashed",
                     counted(null->values.front().of.directions, "random direction"),
                     has_rows ? "its bar" : "band");
}

std::string zeros_sentence(const CurveAxes& axes, const std::string& x_symbol) {
  if (axes.off_axis.empty()) return "";
  if (axes.off_axis == std::vector<double>{0.0})
    return fmt::format(" At {} = 0 the response is exactly 0, which a logarithmic axis cannot show.",
                       x_symbol);
  std::vector<std::string> values;
  for (const double x : axes.off_axis) values.push_back(shortest_text(x));
  return fmt::format(" Not on the logarithmic axes: {} = {}.", x_symbol, fmt::join(values, ", "));
}

}  // namespace

bool Curve::is_zero() const {
  return std::all_of(values.begin(), values.end(),
                     [](const CurveValue& value) { return value.of.kl.mean == 0; });
}

Mark mark_of(const Curve& curve, const CurveValue& value, const CurveAxes& axes) {
  const MeanEstimate& mean = value.of.kl;
  Mark mark{.x = value.x, .y = mean.mean};
  if (curve.is_null) {
    mark.low = value.of.null_low.value_or(NAN);
    mark.high = value.of.null_high.value_or(NAN);
  } else if (axes.y.is_logarithmic) {
    if (const auto interval = log_interval(mean)) mark.low = interval->low, mark.high = interval->high;
    if (mean.mean == 0) mark.low = mark.high = 0;  // so that the bands beside it end there
  } else {
    mark.low = mean.ci_low.value_or(NAN);
    mark.high = mean.ci_high.value_or(NAN);
  }
  return mark;
}

CurveAxes axes_of(const std::vector<Curve>& curves, const ResponseMeasure& measure, AxisScale wanted) {
  CurveAxes axes{.scale = scale_for(curves, measure, wanted)};
  set_x(curves, axes);
  set_y(curves, axes);
  axes.y.name = axis_name(measure);
  std::set<double> off;
  for_each_value(curves, [&](const Curve& curve, const CurveValue& value) {
    const bool is_off = (axes.x.is_logarithmic && value.x <= 0) ||
                        (axes.y.is_logarithmic && value.of.kl.mean <= 0 && !curve.is_zero());
    if (is_off) off.insert(value.x);
  });
  axes.off_axis = {off.begin(), off.end()};
  return axes;
}

void draw_curve(Panel& panel, const Curve& curve, const CurveAxes& axes, Bands bands) {
  if (axes.y.is_logarithmic && curve.is_zero()) return;
  const std::vector<Mark> marks = marks_of(curve, axes);
  const std::vector<Mark> line = followed(marks, axes.x, axes.y);
  const bool has_band =
      std::any_of(marks.begin(), marks.end(), [](const Mark& mark) { return mark.high > mark.low; });
  if (bands == Bands::kYes && has_band) {
    std::vector<Mark> band = line;
    for (Mark& mark : band) {
      mark.low = std::max(mark.low, axes.y.low);
      mark.high = std::min(mark.high, axes.y.high);
      if (!std::isfinite(mark.y)) mark.low = NAN;
    }
    panel.series.push_back({.form = Form::kBand, .marks = band, .colour = curve.colour, .opacity = 0.2});
  }
  panel.series.push_back(
      {.form = Form::kLine, .marks = line, .colour = curve.colour, .dash = curve.is_null ? 2 : 1});
  const std::vector<Mark> measured = measured_marks(curve, axes);
  if (measured.size() <= kMostMarkers)
    panel.series.push_back(
        {.form = Form::kPoints, .marks = on_axes(measured, axes.x, axes.y), .colour = curve.colour});
}

void draw_faintly(Panel& panel, const Curve& curve, const CurveAxes& axes, size_t count) {
  if (axes.y.is_logarithmic && curve.is_zero()) return;
  constexpr size_t kMany = 30;
  panel.series.push_back({.form = Form::kLine,
                          .marks = followed(marks_of(curve, axes), axes.x, axes.y),
                          .colour = kFaint,
                          .opacity = count > kMany ? 0.22 : 0.45,
                          .width = 0.9});
}

void include_faint(const std::vector<Curve>& curves, CurveAxes& axes) {
  constexpr double kFarthestDown = 1e3;  // below the axis; a curve that begins at the floor goes off it
  double low = axes.y.low;
  double high = axes.y.high;
  for_each_value(curves, [&](const Curve&, const CurveValue& value) {
    const double y = value.of.kl.mean;
    const bool is_off =
        (axes.y.is_logarithmic && y <= axes.y.low / kFarthestDown) || (axes.x.is_logarithmic && value.x <= 0);
    if (is_off) return;
    low = std::min(low, y);
    high = std::max(high, y);
  });
  axes.y.low = low;
  axes.y.high = high;
}

KeyEntry key_entry(const Curve& curve, const CurveAxes& axes) {
  const bool is_missing = axes.y.is_logarithmic && curve.is_zero();
  return {.name = curve.name + (is_missing ? ": exactly 0" : ""),
          .look = {.colour = curve.colour,
                   .size = is_missing ? 0 : 0.45,
                   .dash = is_missing      ? 3
                           : curve.is_null ? 2
                                           : 1}};
}

std::string curves_caption(const std::vector<Curve>& curves, const CurveAxes& axes, const CurvePoint& typical,
                           const std::string& x_symbol) {
  const std::string null = null_sentence(curves);
  // Where curves are drawn, the band of the random directions is the only one.
  const bool has_intervals = null.empty() || has_single_x(curves);
  return (has_intervals ? error_sentence(curves, axes, typical) : "") + null + zeros_sentence(axes, x_symbol);
}

bool has_single_x(const std::vector<Curve>& curves) {
  std::set<double> xs;
  for_each_value(curves, [&](const Curve&, const CurveValue& value) { xs.insert(value.x); });
  return xs.size() == 1;
}

Panel panel_of_single_x(const std::vector<Curve>& curves, const CurveAxes& axes,
                        const ResponseMeasure& measure) {
  std::vector<std::string> names;
  Panel panel{.x = axes.y};
  panel.x.name = axis_name(measure);
  for (auto curve = curves.rbegin(); curve != curves.rend(); ++curve) {
    const Mark mark = mark_of(*curve, curve->values.front(), axes);
    names.push_back(key_entry(*curve, axes).name);
    if (axes.y.is_logarithmic && mark.y <= 0) continue;
    const bool has_bar = std::isfinite(mark.low);
    panel.series.push_back({.form = has_bar ? Form::kSideBars : Form::kPoints,
                            .marks = {{.x = mark.y,
                                       .y = static_cast<double>(names.size() - 1),
                                       .low = std::max(mark.low, axes.y.low),
                                       .high = std::min(mark.high, axes.y.high)}},
                            .colour = curve->colour,
                            .size = 0.9});
  }
  panel.y = category_axis(names);
  return panel;
}

}  // namespace tugline
