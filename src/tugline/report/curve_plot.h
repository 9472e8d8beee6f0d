// The parts that figures with KL on the vertical axis share: curves of responses with their confidence bands. Returns gnuplot text,
// which the figures' own scripts combine.
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
  bool is_null = false;  // of random directions beside supplied vectors: dashed, with their range as its band
  [[nodiscard]] bool is_zero() const;  // exactly, at every point
};

struct CurvePlot {
  std::vector<PlotCurve> curves = {};  // each has points
  std::set<double> xs = {};
  bool is_logarithmic = false;  // the vertical axis; true if any value is positive
  bool has_bands = false;
  bool has_cut_bands = false;  // whether an interval reaches below a logarithmic axis
  double low = 0;              // of the vertical axis
  double high = 1;

  [[nodiscard]] bool is_single() const { return xs.size() == 1; }
};

[[nodiscard]] CurvePlot curve_plot_of(std::vector<PlotCurve> curves);

// Label, range and ticks of the vertical axis.
[[nodiscard]] std::string vertical_axis(const CurvePlot& plot);

// The data, one block for each curve, and the command that draws them. If there is one x, curves are points side by side with bars.
[[nodiscard]] std::string curves_drawn(const CurvePlot& plot);

// The key, in one column beside the axes, which end at the fraction `right` of the figure's width.
[[nodiscard]] std::string key_beside(const CurvePlot& plot, const std::string& title, double right);

// The key below the axes, for names that are too long to stand beside them, and its height as a fraction of the figure's. It stands on
// the caption, whose height is `caption_height`.
[[nodiscard]] std::string key_below(const CurvePlot& plot, double caption_height);
[[nodiscard]] double height_of_key_below(const CurvePlot& plot);

// One or two sentences that say what the bands are, or why there are none. `typical` is a point with the spans of most points.
[[nodiscard]] std::string band_caption(const CurvePlot& plot, const CurvePoint& typical);

// "3 anchor spans of 3 examples (0 skipped)".
[[nodiscard]] std::string spans_text(const RunView& view, const CurvePoint& point);

// The values that a logarithmic axis leaves out (`x` is the horizontal axis' name), and the run's notes. Each begins with a space.
[[nodiscard]] std::string zeros_caption(const CurvePlot& plot, const std::string& x);
[[nodiscard]] std::string notes_caption(const RunView& view);
// Says that random directions beside supplied vectors are not drawn, if the run has some. Begins with a space.
[[nodiscard]] std::string null_caption(const RunView& view);

// The horizontal axis of the run's epsilons, with its name. If epsilons are sizes, the upper axis has their share of the residual's norm.
// The axes go from kFigureLeft to `right`. Also returns their upper end, as a fraction of the figure's height.
[[nodiscard]] std::string epsilon_axis(const CurvePlot& plot, const RunView& view, double right);
[[nodiscard]] double top_below_epsilons(const RunView& view);

}  // namespace tugline
