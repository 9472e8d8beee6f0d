// The figure of how far a push reaches: KL of each readout row against its distance from the push, a curve a layer.
#pragma once

#include <optional>
#include <string>

#include "tugline/report/figure.h"
#include "tugline/report/run_view.h"
#include "tugline/store/run_store.h"

namespace tugline {

struct DistanceFigureOptions {
  std::string span_kind = {};          // as span_kind_to_draw gives it
  std::optional<double> epsilon = {};  // one of the run's; without it the largest
  FigureFormat format = FigureFormat::kSvg;
};

// The gnuplot program with its data. The horizontal axis is logarithmic where all distances are positive and a decade apart. Errors: kUsage
// where the run has no such epsilon.
[[nodiscard]] std::string distance_figure_script(const RunStore& store, const RunView& view,
                                                 const DistanceFigureOptions& options);

}  // namespace tugline
