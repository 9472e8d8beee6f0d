// The figure of a run: the response against epsilon, one curve per layer or per kind of span.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tugline/report/curve_panel.h"
#include "tugline/report/figure.h"
#include "tugline/report/run_view.h"
#include "tugline/stats/response_measure.h"
#include "tugline/store/run_store.h"

namespace tugline {

// What a figure of a run is about.
struct FigureSubject {
  std::vector<std::string> span_kinds = {};  // the result of span_kinds_to_draw
  std::vector<int32_t> layers = {};          // that the run has for these kinds; ascending
  ResponseMeasure measure = response_measures().front();
  std::optional<double> epsilon = {};  // one of the run's; default: the largest
  std::string metric = {};             // of the dataset
  std::vector<int64_t> examples = {};  // empty: all
  double target = 0;                   // of doses, nats
  std::string statistic = {};          // likewise
  Look look = {};
};

// One kind of span: a curve per layer, in one panel up to three layers, else a panel per layer in which the
// others are faint. One curve alone has its examples behind it as faint lines. Several kinds: a panel per
// layer with a curve per kind.
[[nodiscard]] Figure curves_figure(const RunStore& store, const RunView& view, const FigureSubject& subject);

// The epsilon to draw. Errors (kUsage, setting "epsilon"): the run has no such.
[[nodiscard]] double epsilon_of(const RunView& view, const FigureSubject& subject);

// "anchor spans", "anchor and matched control spans"; "layer 9", "layers 5, 9".
[[nodiscard]] std::string kinds_text(const FigureSubject& subject);
[[nodiscard]] std::string layers_text(const FigureSubject& subject);

// The upper axis: the norm of a push over that of the residual, in per cent. None for interpolations.
[[nodiscard]] std::optional<UpperAxis> relative_axis(const RunView& view);

// Panels for curves that are compared: all in one if they are few; else one each, with the others faint
// behind it.
void add_curve_panels(Sheet& sheet, const std::vector<Curve>& curves, const CurveAxes& axes);

}  // namespace tugline
