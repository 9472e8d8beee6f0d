#include "tugline/report/curves_figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tugline/core/error.h"
#include "tugline/report/captions.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/interpolated.h"
#include "tugline/report/measured_curves.h"
#include "tugline/stats/largest_epsilon.h"

namespace tugline {
namespace {

constexpr size_t kMostInOnePanel = 3;  // curves whose bands can be told apart
constexpr size_t kMostPanels = 24;     // more curves are drawn in one panel, without bands

using Points = std::vector<CurvePoint>;

Curve curve_at(const Points& points, const std::string& span_kind, int32_t layer) {
  Curve curve;
  for (const CurvePoint& point : points)
    if (point.span_kind == span_kind && point.layer == layer && point.set == DirectionSet::kMain)
      curve.values.push_back({.x = point.epsilon, .of = point});
  return curve;
}

// By layer for one kind of span, else by layer and kind.
std::vector<Curve> curves_to_draw(const Points& points, const FigureSubject& subject) {
  std::vector<Curve> curves;
  const bool is_by_layer = subject.span_kinds.size() == 1;
  const std::vector<std::string> colours =
      curve_colours(is_by_layer ? subject.layers.size() : subject.span_kinds.size());
  for (size_t l = 0; l < subject.layers.size(); ++l)
    for (size_t k = 0; k < subject.span_kinds.size(); ++k) {
      Curve curve = curve_at(points, subject.span_kinds[k], subject.layers[l]);
      if (curve.values.empty()) continue;
      curve.name = is_by_layer ? fmt::format("{}", subject.layers[l]) : name_of_kind(subject.span_kinds[k]);
      curve.colour = colours[is_by_layer ? l : k];
      curves.push_back(std::move(curve));
    }
  return curves;
}

// Adds what a sweep with nodes left out, and returns the sentence about it; empty if there is nothing.
std::string add_interpolated(const RunStore& store, const ResponseMeasure& measure,
                             std::vector<Curve>& curves) {
  double largest = 0;
  bool is_found = false;
  for (const auto& [point, error, measured] : interpolated_points(store, measure))
    for (Curve& curve : curves) {
      const CurvePoint& first = curve.values.front().of;
      if (point.set != first.set || point.span_kind != first.span_kind || point.layer != first.layer)
        continue;
      const auto place =
          std::ranges::upper_bound(curve.values, point.epsilon, {}, [](const CurveValue& v) { return v.x; });
      curve.values.insert(place, {.x = point.epsilon, .of = point, .is_interpolated = true});
      is_found = true;
      const double size = measure.is_divergence && point.kl.mean > 0 ? point.kl.mean : 1;
      largest = std::max(largest, error.value_or(INFINITY) / size);
    }
  if (!is_found) return "";
  if (std::isinf(largest)) return " Marks: measured; between them interpolated, with an unknown error.";
  const std::string unit = measure.is_divergence  ? " of the mean"
                           : measure.unit.empty() ? ""
                                                  : " " + measure.unit;
  return fmt::format(" Marks: measured; between them interpolated, to within {:.1g}{}.", largest, unit);
}

// The curves of the examples, if they stand behind the only curve.
std::vector<Curve> example_curves(const RunStore& store, const FigureSubject& subject,
                                  const std::vector<Curve>& curves) {
  std::vector<Curve> of_examples;
  const bool has_room = curves.size() == 1 && !has_single_x(curves);
  if (!has_room || curves.front().values.front().of.examples < 2) return of_examples;
  for (const auto& [example, points] : curves_by_example(store, subject.measure)) {
    of_examples.push_back(curve_at(points, subject.span_kinds.front(), subject.layers.front()));
    if (of_examples.back().values.empty()) of_examples.pop_back();
  }
  return of_examples;
}

// A panel per layer; every kind in each.
void add_kind_panels(Sheet& sheet, const std::vector<Curve>& curves, const CurveAxes& axes,
                     const FigureSubject& subject) {
  for (const int32_t layer : subject.layers) {
    Panel panel{.title = fmt::format("layer {}", layer), .x = axes.x, .y = axes.y};
    for (const Curve& curve : curves) {
      if (curve.values.front().of.layer != layer) continue;
      const bool is_first = curve.values.front().of.span_kind == subject.span_kinds.front();
      draw_curve(panel, curve, axes, subject.span_kinds.size() <= 2 || is_first ? Bands::kYes : Bands::kNo);
    }
    sheet.panels.push_back(std::move(panel));
  }
  std::set<std::string> named;
  for (const Curve& curve : curves)
    if (named.insert(curve.name).second) sheet.key.push_back(key_entry(curve, axes));
  sheet.columns = columns_for(sheet.panels.size());
}

const CurvePoint& fullest(const std::vector<Curve>& curves) {
  const CurvePoint* most = &curves.front().values.front().of;
  for (const Curve& curve : curves)
    for (const CurveValue& value : curve.values)
      if (value.of.spans > most->spans) most = &value.of;
  return *most;
}

std::string bands_left_out(const std::vector<Curve>& curves, const FigureSubject& subject) {
  if (subject.span_kinds.size() > 2)
    return fmt::format(" Bands of the {} only.", name_of_kind(subject.span_kinds.front()));
  if (subject.span_kinds.size() == 1 && curves.size() > kMostPanels) return " Too many curves for bands.";
  return "";
}

std::string null_sentence(const RunView& view) {
  const bool has_null = std::any_of(view.curves.begin(), view.curves.end(),
                                    [](const CurvePoint& point) { return point.set == DirectionSet::kNull; });
  return has_null ? " Only the supplied vectors are drawn, not the random directions." : "";
}

}  // namespace

std::string kinds_text(const FigureSubject& subject) {
  std::vector<std::string> names;
  if (subject.span_kinds.size() > 2) return fmt::format("{} kinds of spans", subject.span_kinds.size());
  for (const std::string& kind : subject.span_kinds) names.push_back(name_of_kind(kind));
  return fmt::format("{} spans", fmt::join(names, ", "));
}

std::string layers_text(const FigureSubject& subject) {
  return fmt::format("layer{} {}", subject.layers.size() == 1 ? "" : "s", fmt::join(subject.layers, ", "));
}

double epsilon_of(const RunView& view, const FigureSubject& subject) {
  std::set<double> epsilons;
  for (const CurvePoint& point : view.curves)
    if (point.span_kind == subject.span_kinds.front()) epsilons.insert(point.epsilon);
  if (!subject.epsilon) return largest_epsilon(epsilons);
  if (!epsilons.contains(*subject.epsilon))
    refuse("epsilon", "the run has no {}; it has {}", *subject.epsilon, fmt::join(epsilons, ", "));
  return *subject.epsilon;
}

std::optional<UpperAxis> relative_axis(const RunView& view) {
  if (view.epsilon_is_fraction()) return std::nullopt;
  return UpperAxis{.name = "norm of the push over norm of the residual, %",
                   .factor = 100 / std::sqrt(static_cast<double>(view.d_model))};
}

void add_curve_panels(Sheet& sheet, const std::vector<Curve>& curves, const CurveAxes& axes) {
  const bool is_one = curves.size() <= kMostInOnePanel || curves.size() > kMostPanels;
  if (is_one) {
    Panel panel{.x = axes.x, .y = axes.y};
    for (const Curve& curve : curves)
      draw_curve(panel, curve, axes, curves.size() <= kMostInOnePanel ? Bands::kYes : Bands::kNo);
    sheet.panels = {std::move(panel)};
    if (curves.size() > 1)
      for (const Curve& curve : curves) sheet.key.push_back(key_entry(curve, axes));
    return;
  }
  for (const Curve& curve : curves) {
    const std::string what = sheet.key_title.empty() ? "" : sheet.key_title + " ";
    Panel panel{.title = what + key_entry(curve, axes).name, .x = axes.x, .y = axes.y};
    for (const Curve& other : curves)
      if (&other != &curve) draw_faintly(panel, other, axes);
    draw_curve(panel, curve, axes, Bands::kYes);
    sheet.panels.push_back(std::move(panel));
  }
  sheet.key_title.clear();
  sheet.columns = columns_for(sheet.panels.size());
}

Figure curves_figure(const RunStore& store, const RunView& view, const FigureSubject& subject) {
  std::vector<Curve> curves = curves_to_draw(measured_curves(store, view, subject.measure), subject);
  const std::string interpolated = add_interpolated(store, subject.measure, curves);
  const std::vector<Curve> of_examples = example_curves(store, subject, curves);
  CurveAxes axes = axes_of(curves, subject.measure, subject.look.scale);
  include_faint(of_examples, axes);
  axes.x.name = epsilon_name(view);
  Sheet sheet;
  std::string drawn =
      curves_caption(curves, axes, fullest(curves), "ε") + bands_left_out(curves, subject) + interpolated;
  if (has_single_x(curves) && subject.span_kinds.size() == 1) {
    sheet.panels = {panel_of_single_x(curves, axes, subject.measure)};
    sheet.panels.front().y.name = "layer";
  } else if (subject.span_kinds.size() > 1) {
    add_kind_panels(sheet, curves, axes, subject);
  } else {
    sheet.key_title = "layer";
    add_curve_panels(sheet, curves, axes);
    if (!of_examples.empty()) {
      Panel behind{.x = axes.x, .y = axes.y};
      for (const Curve& curve : of_examples) draw_faintly(behind, curve, axes, of_examples.size());
      for (Series& series : sheet.panels.front().series) behind.series.push_back(std::move(series));
      sheet.panels.front() = std::move(behind);
      drawn += " Thin lines: the examples.";
    }
    if (sheet.panels.size() == 1) sheet.upper = relative_axis(view);
  }
  if (sheet.panels.size() == 1) sheet.columns = 1;
  set_headings(sheet, view, "How far a push moves the next-token distributions",
               kinds_text(subject) + (subject.layers.size() == 1 ? ", " + layers_text(subject) : "") +
                   (has_single_x(curves) ? fmt::format(", ε = {:g}", curves.front().values.front().x) : ""));
  set_captions(sheet, view,
               {.spans = spans_text(view, fullest(curves)), .drawn = drawn + null_sentence(view)});
  return figure_of(sheet, subject.look);
}

}  // namespace tugline
