// Curves with intervals as panels of a sheet: which axes they need, how they are drawn, and the sentences
// about them.
#pragma once

#include <string>
#include <vector>

#include "tugline/report/sheet.h"
#include "tugline/stats/curves.h"
#include "tugline/stats/response_measure.h"

namespace tugline {

struct CurveValue {
  double x = 0;  // what it is drawn at
  CurvePoint of = {};
  bool is_interpolated = false;  // it has no mark
};

struct Curve {
  std::string name = {};
  std::vector<CurveValue> values = {};  // by x
  // A curve of random directions beside supplied vectors: dashed, with the range of 95 % of them as its band.
  bool is_null = false;
  std::string colour = "#000000";

  [[nodiscard]] bool is_zero() const;  // exactly, at every point
};

// The axes that all of a figure's curves share.
struct CurveAxes {
  Axis x = {};
  Axis y = {};
  AxisScale scale = AxisScale::kLinear;
  bool has_cut_bands = false;         // an interval reaches beyond the vertical axis
  std::vector<double> off_axis = {};  // x of values, not of curves that are all 0, that have no place on it
};

// `wanted` is the look's scale. Errors (kUsage, setting "scale"): a logarithmic axis for values that are not
// above 0.
[[nodiscard]] CurveAxes axes_of(const std::vector<Curve>& curves, const ResponseMeasure& measure,
                                AxisScale wanted);

enum class Bands { kNo, kYes };
// Adds the curve to a panel: its band, the line and its marks.
void draw_curve(Panel& panel, const Curve& curve, const CurveAxes& axes, Bands bands);
// Adds only the line, thin and grey; the thinner, the more there are.
void draw_faintly(Panel& panel, const Curve& curve, const CurveAxes& axes, size_t count = 1);
// Widens the vertical axis for curves that are drawn faintly.
void include_faint(const std::vector<Curve>& curves, CurveAxes& axes);

// The value with the interval that belongs to the axis: of its logarithm, or by t; or the null's range.
[[nodiscard]] Mark mark_of(const Curve& curve, const CurveValue& value, const CurveAxes& axes);

[[nodiscard]] KeyEntry key_entry(const Curve& curve, const CurveAxes& axes);

// What the bands are, or why there are none; which values are off the axes. `typical`: a value with the spans
// of most.
[[nodiscard]] std::string curves_caption(const std::vector<Curve>& curves, const CurveAxes& axes,
                                         const CurvePoint& typical, const std::string& x_symbol);

// A point by x of a single epsilon: names along the vertical axis, values along the horizontal one.
[[nodiscard]] bool has_single_x(const std::vector<Curve>& curves);
[[nodiscard]] Panel panel_of_single_x(const std::vector<Curve>& curves, const CurveAxes& axes,
                                      const ResponseMeasure& measure);

}  // namespace tugline
