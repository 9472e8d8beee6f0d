// The figure of how far a push reaches: the response of readout rows against their distance from the push,
// one curve per layer.
#pragma once

#include "tugline/report/curves_figure.h"

namespace tugline {

// At one epsilon and for one kind of span. Distances are taken together in bins that double, if there are
// more than a few. Errors (kUsage): an epsilon that the run lacks; a measure without a value for each row.
[[nodiscard]] Figure distance_figure(const RunStore& store, const RunView& view,
                                     const FigureSubject& subject);

}  // namespace tugline
