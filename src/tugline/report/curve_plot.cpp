#include "tugline/report/curve_plot.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "tugline/core/plural.h"
#include "tugline/report/figure_parts.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/gnuplot.h"
#include "tugline/report/row_writer.h"

namespace tugline {
namespace {

constexpr size_t kMostMarkers = 60;  // points of a curve that are marked; more would be a thick line

// The mean with the interval that the band shows.
MeanEstimate drawn(const PlotCurve& curve, const PlotPoint& point) {
  MeanEstimate kl = point.of.kl;
  if (curve.is_null) {
    kl.ci_low = point.of.null_low;
    kl.ci_high = point.of.null_high;
  }
  return kl;
}

template <typename Visit>
void for_each_point(const CurvePlot& plot, Visit visit) {
  for (const PlotCurve& curve : plot.curves)
    for (const PlotPoint& point : curve.points) visit(drawn(curve, point));
}

void set_logarithmic_range(CurvePlot& plot) {
  double low = INFINITY;
  double high = 0;
  for_each_point(plot, [&](const MeanEstimate& kl) {
    if (kl.mean <= 0) return;
    // An interval may reach towards zero, which is infinitely far down: a tenth of its mean is far enough.
    low = std::min({low, kl.mean, std::max(kl.mean / 10, kl.ci_low.value_or(kl.mean))});
    high = std::max(high, kl.ci_high.value_or(kl.mean));
  });
  plot.low = round_number_below(low);
  plot.high = 1 / round_number_below(1 / (1.1 * high));  // never a curve on the very edge
  for_each_point(plot, [&](const MeanEstimate& kl) {
    plot.has_cut_bands = plot.has_cut_bands || (kl.mean > 0 && kl.ci_low.value_or(plot.low) < plot.low);
  });
}

void set_linear_range(CurvePlot& plot) {
  for_each_point(plot,
                 [&](const MeanEstimate& kl) { plot.low = std::min(plot.low, kl.ci_low.value_or(kl.mean)); });
  plot.low = plot.low == 0 ? -0.05 : 1.05 * plot.low;
}

// With one x the curves are points above each other; they stand side by side, in their order.
double dodge(const CurvePlot& plot, size_t index) {
  if (!plot.is_single()) return 0;
  return (static_cast<double>(index) - static_cast<double>(plot.curves.size() - 1) / 2) /
         static_cast<double>(plot.curves.size());
}

std::string data_block(const CurvePlot& plot, size_t index) {
  std::string text = fmt::format("$curve{} << END\n", index);
  for (const PlotPoint& point : plot.curves[index].points) {
    const MeanEstimate kl = drawn(plot.curves[index], point);
    if (plot.is_logarithmic && kl.mean <= 0) {
      text += "\n";  // a gap in the curve, not a line across
      continue;
    }
    const double floor = plot.is_logarithmic ? plot.low : -INFINITY;
    text += fmt::format("{} {} {} {}\n", shortest_text(point.x + dodge(plot, index)), shortest_text(kl.mean),
                        shortest_text(std::max(floor, kl.ci_low.value_or(kl.mean))),
                        shortest_text(kl.ci_high.value_or(kl.mean)));
  }
  return text + "END\n";
}

// The more bands lie on each other, the fainter.
double band_opacity(size_t curves) { return curves <= 4 ? 0.18 : curves <= 12 ? 0.1 : 0.04; }

std::string line_of(const CurvePlot& plot, size_t i, const std::string& colour) {
  const PlotCurve& curve = plot.curves[i];
  const std::string title =
      "title " + gnuplot_quoted(curve.name + (curve.is_zero() ? ": exactly 0" : "")) + " noenhanced";
  if (plot.is_logarithmic && curve.is_zero())
    return fmt::format("keyentry with lines lw 1.8 dt 3 {} {}", colour, title);
  if (plot.is_single())
    return fmt::format("$curve{} using 1:2:3:4 with yerrorbars pt 7 ps 0.9 lw 1.8 {} {}", i, colour, title);
  return fmt::format("$curve{} using 1:2 with {} lw 1.8{} {} {}", i,
                     curve.points.size() > kMostMarkers ? "lines" : "linespoints pt 7 ps 0.45",
                     curve.is_null ? " dt 2" : "", colour, title);
}

std::string plot_command(const CurvePlot& plot) {
  const std::vector<std::string> colours = curve_colours(plot.curves.size());
  std::vector<std::string> parts;  // bands below all lines
  for (size_t i = 0; i < plot.curves.size(); ++i) {
    if (plot.is_single() || (plot.is_logarithmic && plot.curves[i].is_zero())) continue;
    parts.push_back(fmt::format(
        "$curve{} using 1:3:4 with filledcurves fs transparent solid {} noborder lc rgb '{}' notitle", i,
        band_opacity(plot.curves.size()), colours[i]));
  }
  for (size_t i = 0; i < plot.curves.size(); ++i)
    parts.push_back(line_of(plot, i, fmt::format("lc rgb '{}'", colours[i])));
  return fmt::format("plot \\\n  {}\n", fmt::join(parts, ", \\\n  "));
}

// The upper axis: the norm of a push over that of the residual.
std::string relative_axis(const CurvePlot& plot, const RunView& view, double right) {
  const double percent = 100 / std::sqrt(static_cast<double>(view.d_model));
  const double low = *plot.xs.begin();
  const double high = *plot.xs.rbegin();
  // Its name is placed by hand: formats leave different room between an axis and its label.
  const std::string name =
      fmt::format("set label 3 'norm of the push over norm of the residual' at screen {},0.874 center\n",
                  (kFigureLeft + right) / 2);
  if (plot.is_single())
    return name + fmt::format("set x2range [{}:{}]\nset x2tics out ('{:.3g} %%' {})\n",
                              shortest_text(low - 1), shortest_text(low + 1), low * percent,
                              shortest_text(low));
  return name + fmt::format("set x2range [{}:{}]\nset x2tics {} out format '%g %%'\n",
                            shortest_text(low * percent), shortest_text(high * percent),
                            shortest_text(round_number_below((high - low) * percent / 4)));
}

// Lines of the key below the axes, and their height of the figure's.
constexpr double kKeyLine = 0.034;
constexpr size_t kKeyRows = 4;         // in one column; more curves make a second, if
constexpr size_t kKeyCharacters = 48;  // no name is longer than half of the figure's width
size_t rows_of_key(const CurvePlot& plot) {
  const bool is_narrow = std::all_of(plot.curves.begin(), plot.curves.end(), [](const PlotCurve& curve) {
    return curve.name.size() <= kKeyCharacters;
  });
  return plot.curves.size() <= kKeyRows || !is_narrow ? plot.curves.size() : (plot.curves.size() + 1) / 2;
}

// Of the curves' means.
std::string error_caption(const CurvePlot& plot, const CurvePoint& typical) {
  if (!plot.has_bands) {
    return typical.kl.standard_error ? "No error band: all values are the same."
                                     : "No error band: one span and one direction.";
  }
  const std::string over = typical.examples > 1 ? counted(typical.examples, "example")
                           : typical.spans > 1  ? counted(typical.spans, "span") + " of one example"
                                                : counted(typical.directions, "direction") + " at one span";
  std::string text = fmt::format("{}: 95 % t interval over {}", plot.is_single() ? "Bars" : "Bands", over);
  constexpr int64_t kFewExamples = 10;
  if (typical.examples > 1 && typical.examples < kFewExamples) text += " (few: likely too narrow)";
  if (plot.is_logarithmic && plot.has_cut_bands)
    text += "; cut at the axis where the lower limit is not positive";
  return text + ".";
}

}  // namespace

bool PlotCurve::is_zero() const {
  return std::all_of(points.begin(), points.end(),
                     [](const PlotPoint& point) { return point.of.kl.mean == 0; });
}

CurvePlot curve_plot_of(std::vector<PlotCurve> curves) {
  CurvePlot plot{.curves = std::move(curves)};
  for (const PlotCurve& curve : plot.curves) {
    for (const PlotPoint& point : curve.points) {
      plot.xs.insert(point.x);
      plot.is_logarithmic = plot.is_logarithmic || point.of.kl.mean > 0;
      plot.has_bands = plot.has_bands || point.of.kl.standard_error.value_or(0) > 0;
    }
  }
  plot.is_logarithmic ? set_logarithmic_range(plot) : set_linear_range(plot);
  return plot;
}

std::string vertical_axis(const CurvePlot& plot) {
  std::string text = "set ylabel 'KL(pushed ‖ base), nats' offset 0.5,0\n";
  text += fmt::format("set yrange [{}:{}]\n", shortest_text(plot.low), shortest_text(plot.high));
  return text +
         (plot.is_logarithmic ? logarithmic_axis("y", plot.low, plot.high) : "set ytics nomirror out\n");
}

std::string curves_drawn(const CurvePlot& plot) {
  std::string text;
  for (size_t i = 0; i < plot.curves.size(); ++i) text += data_block(plot, i);
  return text + plot_command(plot);
}

std::string key_beside(const CurvePlot& plot, const std::string& title, double right) {
  constexpr size_t kRows = 20;
  return fmt::format(
      "set key at screen {},0.785 top left Left reverse samplen 1.6 spacing 1.15 maxrows {} title '{}' "
      "left\n",
      right + 0.015, std::max(kRows, (plot.curves.size() + 1) / 2), title);
}

double height_of_key_below(const CurvePlot& plot) {
  return kKeyLine * static_cast<double>(rows_of_key(plot)) + 0.01;
}

std::string key_below(const CurvePlot& plot, double caption_height) {
  return fmt::format(
      "set key at screen {},{:.4f} top left Left reverse samplen 2 spacing 1.1 font ',12' maxrows {} "
      "noautotitle\n",
      0.01, caption_height + height_of_key_below(plot) + 0.02, rows_of_key(plot));
}

std::string band_caption(const CurvePlot& plot, const CurvePoint& typical) {
  std::string text = error_caption(plot, typical);
  const auto null = std::find_if(plot.curves.begin(), plot.curves.end(),
                                 [](const PlotCurve& curve) { return curve.is_null; });
  if (null != plot.curves.end())
    text += fmt::format(
        " Dashed: the mean of {}; band: the range of 95 % of them, each one's mean over the spans.",
        counted(null->points.front().of.directions, "random direction"));
  return text;
}

std::string spans_text(const RunView& view, const CurvePoint& point) {
  return fmt::format("{} of {} ({} skipped)", counted(point.spans, point.span_kind + " span"),
                     counted(point.examples, "example"), view.examples_skipped());
}

std::string zeros_caption(const CurvePlot& plot, const std::string& x) {
  std::set<double> zeros;
  for (const PlotCurve& curve : plot.curves)
    for (const PlotPoint& point : curve.points)
      if (!curve.is_zero() && point.of.kl.mean <= 0) zeros.insert(point.x);
  if (!plot.is_logarithmic || zeros.empty()) return "";
  if (zeros == std::set<double>{0.0})
    return fmt::format(" At {} = 0 the KL is exactly 0, off the logarithmic axis.", x);
  std::vector<std::string> values;
  for (const double zero : zeros) values.push_back(shortest_text(zero));
  return fmt::format(" Values that are not above 0, at {} = {}, are off the logarithmic axis.", x,
                     fmt::join(values, ", "));
}

std::string notes_caption(const RunView& view) {
  std::string text;
  for (const NoteGroup& note : view.notes) text += fmt::format(" Note on {}.", sentence_of(note));
  return text;
}

std::string null_caption(const RunView& view) {
  const bool has_null = std::any_of(view.curves.begin(), view.curves.end(),
                                    [](const CurvePoint& point) { return point.set == DirectionSet::kNull; });
  return has_null ? " Only the supplied vectors are drawn, not the random directions." : "";
}

std::string epsilon_axis(const CurvePlot& plot, const RunView& view, double right) {
  const double low = *plot.xs.begin();
  const double high = *plot.xs.rbegin();
  const std::string text = fmt::format("set xlabel '{}' offset 0,0.2\n", epsilon_name(view));
  const std::string lower =
      plot.is_single()
          ? fmt::format("set xrange [{}:{}]\nset xtics nomirror out ('{}' {})\n", shortest_text(low - 1),
                        shortest_text(low + 1), shortest_text(low), shortest_text(low))
          : fmt::format("set xrange [{}:{}]\nset xtics nomirror out format '%g'\n", shortest_text(low),
                        shortest_text(high));
  return text + lower + (view.epsilon_is_fraction() ? "" : relative_axis(plot, view, right));
}

double top_below_epsilons(const RunView& view) {
  return view.epsilon_is_fraction() ? kBelowTitle : kBelowUpperAxis;
}

}  // namespace tugline
