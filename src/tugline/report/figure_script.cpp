// figure_script: from curves to a gnuplot program.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tugline/report/curve_plot.h"
#include "tugline/report/figure.h"
#include "tugline/report/figure_parts.h"
#include "tugline/report/figure_style.h"

namespace tugline {
namespace {

CurvePlot plot_of(const RunView& view, const std::string& span_kind) {
  std::map<int32_t, PlotCurve> layers;
  for (const CurvePoint& point : view.curves) {
    if (point.span_kind != span_kind || point.set != DirectionSet::kMain) continue;
    PlotCurve& curve = layers[point.layer];
    curve.name = fmt::format("{}", point.layer);
    curve.points.push_back({.x = point.epsilon, .of = point});
  }
  std::vector<PlotCurve> curves;
  for (auto& [layer, curve] : layers) curves.push_back(std::move(curve));
  return curve_plot_of(std::move(curves));
}

// The right edge of the axes: names of some layers take more room beside them.
double right_edge(const CurvePlot& plot) {
  const bool has_zeros =
      std::any_of(plot.curves.begin(), plot.curves.end(), [](const PlotCurve& c) { return c.is_zero(); });
  return has_zeros || plot.curves.size() > 20 ? 0.81 : 0.87;
}

}  // namespace

std::string figure_script(const RunView& view, const std::string& span_kind, FigureFormat format) {
  const CurvePlot plot = plot_of(view, span_kind);
  const double right = right_edge(plot);
  const CurvePoint& first = plot.curves.front().points.front().of;
  const Caption caption =
      caption_of(provenance_caption(view, spans_text(view, first)) + " " + band_caption(plot, first) +
                 null_caption(view) + zeros_caption(plot, "ε") + notes_caption(view));
  return terminal_line(format) + "set encoding utf8\n" +
         title_lines(view, "How far a push moves the next-token distributions", span_kind + " spans") +
         margins(caption, {.right = right, .top = top_below_epsilons(view)}) + caption.script +
         epsilon_axis(plot, view, right) + vertical_axis(plot) + key_beside(plot, "layer", right) + frame() +
         curves_drawn(plot);
}

}  // namespace tugline
