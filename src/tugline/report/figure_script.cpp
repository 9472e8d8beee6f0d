// figure_script: from curves to a gnuplot program.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tugline/report/figure.h"
#include "tugline/report/figure_parts.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/row_writer.h"

namespace tugline {
namespace {

struct Curve {
  int32_t layer = 0;
  std::vector<CurvePoint> points = {};  // by epsilon
  bool is_zero = true;                  // exactly, at every epsilon
};

struct Plot {
  std::vector<Curve> curves = {};  // by layer
  std::set<double> epsilons = {};
  bool is_logarithmic = false;
  bool has_bands = false;
  bool has_cut_bands = false;  // an interval that reaches below a logarithmic axis
  double low = 0;              // of the vertical axis
  double high = 1;
  double percent_of_epsilon = 1;  // 100 / sqrt(d)

  [[nodiscard]] bool is_single() const { return epsilons.size() == 1; }
};

void set_logarithmic_range(Plot& plot) {
  double low = INFINITY;
  double high = 0;
  for (const Curve& curve : plot.curves) {
    for (const CurvePoint& point : curve.points) {
      if (point.kl.mean > 0) {
        // An interval may reach towards zero, which is infinitely far down: a tenth of its mean is far
        // enough.
        low = std::min(
            {low, point.kl.mean, std::max(point.kl.mean / 10, point.kl.ci_low.value_or(point.kl.mean))});
        high = std::max(high, point.kl.ci_high.value_or(point.kl.mean));
      }
    }
  }
  plot.low = round_number_below(low);
  plot.high = 1 / round_number_below(1 / (1.1 * high));  // never a curve on the very edge
  for (const Curve& curve : plot.curves) {
    for (const CurvePoint& point : curve.points) {
      plot.has_cut_bands =
          plot.has_cut_bands || (point.kl.mean > 0 && point.kl.ci_low.value_or(plot.low) < plot.low);
    }
  }
}

void set_linear_range(Plot& plot) {
  for (const Curve& curve : plot.curves) {
    for (const CurvePoint& point : curve.points) {
      plot.low = std::min(plot.low, point.kl.ci_low.value_or(point.kl.mean));
    }
  }
  plot.low = plot.low == 0 ? -0.05 : 1.05 * plot.low;
}

Plot plot_of(const RunView& view, const std::string& span_kind) {
  Plot plot;
  std::map<int32_t, Curve> curves;
  for (const CurvePoint& point : view.curves) {
    if (point.span_kind != span_kind) {
      continue;
    }
    Curve& curve = curves[point.layer];
    curve.layer = point.layer;
    curve.points.push_back(point);
    curve.is_zero = curve.is_zero && point.kl.mean == 0;
    plot.epsilons.insert(point.epsilon);
    plot.is_logarithmic = plot.is_logarithmic || point.kl.mean > 0;
    plot.has_bands = plot.has_bands || point.kl.standard_error.value_or(0) > 0;
  }
  for (auto& [layer, curve] : curves) {
    plot.curves.push_back(std::move(curve));
  }
  plot.percent_of_epsilon = 100 / std::sqrt(static_cast<double>(view.d_model));
  plot.is_logarithmic ? set_logarithmic_range(plot) : set_linear_range(plot);
  return plot;
}

// With one epsilon the curves are points above each other; they stand side by side, in the order of their
// layers.
double dodge(const Plot& plot, size_t index) {
  if (!plot.is_single()) {
    return 0;
  }
  return (static_cast<double>(index) - static_cast<double>(plot.curves.size() - 1) / 2) /
         static_cast<double>(plot.curves.size());
}

std::string data_block(const Plot& plot, size_t index) {
  std::string text = fmt::format("$layer{} << END\n", index);
  for (const CurvePoint& point : plot.curves[index].points) {
    if (plot.is_logarithmic && point.kl.mean <= 0) {
      text += "\n";  // a gap in the curve, not a line across
      continue;
    }
    const double floor = plot.is_logarithmic ? plot.low : -INFINITY;
    text += fmt::format("{} {} {} {}\n", shortest_text(point.epsilon + dodge(plot, index)),
                        shortest_text(point.kl.mean),
                        shortest_text(std::max(floor, point.kl.ci_low.value_or(point.kl.mean))),
                        shortest_text(point.kl.ci_high.value_or(point.kl.mean)));
  }
  return text + "END\n";
}

bool has_data(const Plot& plot, const Curve& curve) { return !plot.is_logarithmic || !curve.is_zero; }

std::string plot_command(const Plot& plot) {
  const std::vector<std::string> colours = curve_colours(plot.curves.size());
  const double opacity = plot.curves.size() <= 4    ? 0.18
                         : plot.curves.size() <= 12 ? 0.1
                                                    : 0.04;  // the more bands lie on each other, the fainter
  std::vector<std::string> bands;
  std::vector<std::string> lines;
  for (size_t i = 0; i < plot.curves.size(); ++i) {
    const Curve& curve = plot.curves[i];
    const std::string title = fmt::format("title '{}{}'", curve.layer, curve.is_zero ? ": exactly 0" : "");
    const std::string colour = fmt::format("lc rgb '{}'", colours[i]);
    if (!has_data(plot, curve)) {
      lines.push_back(fmt::format("keyentry with lines lw 1.8 dt 3 {} {}", colour, title));
    } else if (plot.is_single()) {
      lines.push_back(
          fmt::format("$layer{} using 1:2:3:4 with yerrorbars pt 7 ps 0.9 lw 1.8 {} {}", i, colour, title));
    } else {
      bands.push_back(
          fmt::format("$layer{} using 1:3:4 with filledcurves fs transparent solid {} noborder {} notitle", i,
                      opacity, colour));
      lines.push_back(
          fmt::format("$layer{} using 1:2 with linespoints lw 1.8 pt 7 ps 0.45 {} {}", i, colour, title));
    }
  }
  bands.insert(bands.end(), lines.begin(), lines.end());
  return fmt::format("plot \\\n  {}\n", fmt::join(bands, ", \\\n  "));
}

std::string horizontal_axis(const Plot& plot) {
  const double low = *plot.epsilons.begin();
  const double high = *plot.epsilons.rbegin();
  std::string text = "set xlabel 'push size ε  (RMS of the residual at the site)' offset 0,0.2\n";
  if (plot.is_single()) {
    const std::string tick = shortest_text(low);
    text += fmt::format("set xrange [{}:{}]\n", shortest_text(low - 1), shortest_text(low + 1));
    text += fmt::format("set x2range [{}:{}]\n", shortest_text(low - 1), shortest_text(low + 1));
    text += fmt::format("set xtics nomirror out ('{0}' {0})\n", tick);
    return text + fmt::format("set x2tics out ('{:.3g} %%' {})\n", low * plot.percent_of_epsilon, tick);
  }
  text += fmt::format("set xrange [{}:{}]\n", shortest_text(low), shortest_text(high));
  text += fmt::format("set x2range [{}:{}]\n", shortest_text(low * plot.percent_of_epsilon),
                      shortest_text(high * plot.percent_of_epsilon));
  const double step = round_number_below((high - low) * plot.percent_of_epsilon / 4);
  return text + fmt::format("set xtics nomirror out format '%g'\nset x2tics {} out format '%g %%'\n",
                            shortest_text(step));
}

std::string vertical_axis(const Plot& plot) {
  std::string text = "set ylabel 'KL(pushed ‖ base), nats' offset 0.5,0\n";
  text += fmt::format("set yrange [{}:{}]\n", shortest_text(plot.low), shortest_text(plot.high));
  return text +
         (plot.is_logarithmic ? logarithmic_axis("y", plot.low, plot.high) : "set ytics nomirror out\n");
}

std::string spans_fact(const RunView& view, const Plot& plot, const std::string& span_kind) {
  const CurvePoint& point = plot.curves.front().points.front();
  return fmt::format("{} of {} ({} skipped)", counted(point.spans, span_kind + " span"),
                     counted(point.examples, "example"), view.examples_skipped());
}

std::string error_caption(const Plot& plot) {
  const CurvePoint& point = plot.curves.front().points.front();
  if (!plot.has_bands) {
    return point.kl.standard_error ? "No error band: all values are the same."
                                   : "No error band: one span and one direction.";
  }
  const char* over = point.examples > 1 ? "examples" : point.spans > 1 ? "spans" : "directions";
  std::string text = fmt::format("{}: 95 % confidence interval of the mean over {}",
                                 plot.is_single() ? "Bars" : "Bands", over);
  return text +
         (plot.is_logarithmic && plot.has_cut_bands ? "; it is cut where it reaches below the axis." : ".");
}

// Says once what a logarithmic axis leaves out, and why.
std::string zeros_caption(const RunView& view, const Plot& plot) {
  std::string text;
  std::set<double> zero_epsilons;
  for (const Curve& curve : plot.curves) {
    for (const CurvePoint& point : curve.points) {
      if (!curve.is_zero && point.kl.mean <= 0) {
        zero_epsilons.insert(point.epsilon);
      }
    }
  }
  if (plot.is_logarithmic && !zero_epsilons.empty()) {
    std::vector<std::string> values;
    for (const double epsilon : zero_epsilons) {
      values.push_back(shortest_text(epsilon));
    }
    text = zero_epsilons == std::set<double>{0.0}
               ? " At ε = 0 the KL is exactly 0, off the logarithmic axis."
               : fmt::format(" Values that are not above 0, at ε = {}, are off the logarithmic axis.",
                             fmt::join(values, ", "));
  }
  for (const NoteGroup& note : view.notes) {
    text += fmt::format(" Note on {}.", sentence_of(note));
  }
  return text;
}

std::string caption_and_margins(const Caption& caption, bool has_wide_key) {
  std::string text =
      fmt::format("set bmargin at screen {:.4f}\nset tmargin at screen 0.785\n", caption.height + 0.145);
  const double right = has_wide_key ? 0.81 : 0.87;
  text += fmt::format("set lmargin at screen {}\nset rmargin at screen {}\n", kFigureLeft, right);
  // Placed by hand: formats leave different room between an axis and its label.
  text += fmt::format("set label 3 'norm of the push over norm of the residual' at screen {},0.874 center\n",
                      (kFigureLeft + right) / 2);
  return text + caption.script;
}

std::string key_line(const Plot& plot, bool is_wide) {
  constexpr size_t kRows = 20;
  return fmt::format(
      "set key at screen {},0.785 top left Left reverse samplen 1.6 spacing 1.15 maxrows {} title 'layer' "
      "left\n",
      is_wide ? 0.825 : 0.885, std::max(kRows, (plot.curves.size() + 1) / 2));
}

}  // namespace

std::string figure_script(const RunView& view, const std::string& span_kind, FigureFormat format) {
  const Plot plot = plot_of(view, span_kind);
  const bool has_wide_key =
      std::any_of(plot.curves.begin(), plot.curves.end(), [](const Curve& c) { return c.is_zero; }) ||
      plot.curves.size() > 20;
  const std::string caption = provenance_caption(view, spans_fact(view, plot, span_kind)) + " " +
                              error_caption(plot) + zeros_caption(view, plot);
  std::string script = terminal_line(format) + "set encoding utf8\n";
  script += title_lines(view, "How far a push moves the next-token distributions", span_kind + " spans") +
            caption_and_margins(caption_of(caption), has_wide_key);
  script += horizontal_axis(plot) + vertical_axis(plot) + key_line(plot, has_wide_key);
  script += frame();
  for (size_t i = 0; i < plot.curves.size(); ++i) {
    script += data_block(plot, i);
  }
  return script + plot_command(plot);
}

}  // namespace tugline
