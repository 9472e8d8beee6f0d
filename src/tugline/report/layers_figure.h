// The figure of a run's layers: a heat map of the response by epsilon and layer, and the curvature of each
// layer.
#pragma once

#include "tugline/report/curves_figure.h"

namespace tugline {

// One kind of span, all layers. The curvature is a of the fit a eps^2 + b eps at small epsilons
// (stats/quadratic_fit) of each span, with the interval of its mean. For a measure that is not quadratic, or
// if too few epsilons are small, the lower panel has the response at the largest epsilon.
[[nodiscard]] Figure layers_figure(const RunStore& store, const RunView& view, const FigureSubject& subject);

}  // namespace tugline
