// The figure of how far a push reaches: KL of each readout row against its distance from the push, one curve per layer.
#pragma once

#include <optional>
#include <string>

#include "tugline/report/figure.h"
#include "tugline/report/run_view.h"
#include "tugline/store/run_store.h"

namespace tugline {

struct DistanceFigureOptions {
  std::string span_kind = {};          // the result of span_kind_to_draw
  std::optional<double> epsilon = {};  // one of the run's; default: the largest
  FigureFormat format = FigureFormat::kSvg;
};

// Returns the gnuplot program with its data. The horizontal axis is logarithmic if all distances are positive and span a decade. Errors:
// kUsage if the run has no such epsilon.
[[nodiscard]] std::string distance_figure_script(const RunStore& store, const RunView& view,
                                                 const DistanceFigureOptions& options);

}  // namespace tugline
