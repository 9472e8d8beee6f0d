// Curves of responses with their confidence bands: what figures have in common whose vertical axis is KL, whatever is on the
// horizontal one. gnuplot text, assembled by the figures' own scripts.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tugline/report/run_view.h"
#include "tugline/stats/curves.h"

namespace tugline {

struct PlotPoint {
  double x = 0;  // what it is drawn at
  CurvePoint of = {};
};

struct PlotCurve {
  std::string name = {};               // in the key
  std::vector<PlotPoint> points = {};  // by x
  bool is_null = false;  // of random directions beside supplied vectors: dashed, its band their range
  [[nodiscard]] bool is_zero() const;  // exactly, at every point
};

struct CurvePlot {
  std::vector<PlotCurve> curves = {};  // none without points
  std::set<double> xs = {};
  bool is_logarithmic = false;  // the vertical axis: where any value is positive
  bool has_bands = false;
  bool has_cut_bands = false;  // an interval that reaches below a logarithmic axis
  double low = 0;              // of the vertical axis
  double high = 1;

  [[nodiscard]] bool is_single() const { return xs.size() == 1; }
};

[[nodiscard]] CurvePlot curve_plot_of(std::vector<PlotCurve> curves);

// Label, range and ticks of the vertical axis.
[[nodiscard]] std::string vertical_axis(const CurvePlot& plot);

// The data, one block a curve, and the command that draws them. With one x the curves are points side by side with bars.
[[nodiscard]] std::string curves_drawn(const CurvePlot& plot);

// The key in one column beside the axes, which end at `right` of the figure's width.
[[nodiscard]] std::string key_beside(const CurvePlot& plot, const std::string& title, double right);

// The key below the axes, for names that are too long to stand beside them; and how high it is, of the figure's height. `caption_height`:
// what it stands on.
[[nodiscard]] std::string key_below(const CurvePlot& plot, double caption_height);
[[nodiscard]] double height_of_key_below(const CurvePlot& plot);

// What the bands are, or why there are none: a sentence or two. `typical`: a point that has the spans which curves are about.
[[nodiscard]] std::string band_caption(const CurvePlot& plot, const CurvePoint& typical);

// "3 anchor spans of 3 examples (0 skipped)".
[[nodiscard]] std::string spans_text(const RunView& view, const CurvePoint& point);

// Space before each: the values that a logarithmic axis leaves out, `x` being what the horizontal axis is called; the run's notes.
[[nodiscard]] std::string zeros_caption(const CurvePlot& plot, const std::string& x);
[[nodiscard]] std::string notes_caption(const RunView& view);
// That the random directions beside supplied vectors are not in the figure, where the run has some; space before.
[[nodiscard]] std::string null_caption(const RunView& view);

// The horizontal axis of the run's epsilons, named; above it, where they are sizes, their share of the residual's norm, over axes from
// kFigureLeft to `right`. And where the axes end at the top, of the figure's height.
[[nodiscard]] std::string epsilon_axis(const CurvePlot& plot, const RunView& view, double right);
[[nodiscard]] double top_below_epsilons(const RunView& view);

}  // namespace tugline
