// The figure of how many directions a mean needs: its error from the choice of directions against their
// number.
#pragma once

#include "tugline/report/curves_figure.h"

namespace tugline {

// One curve per layer, at one epsilon and for one kind of span: the directions' part of the standard error,
// in per cent of the mean (stats/spread); circles are measured without a model. Lines mark 5 % and 2 %, and
// the key how many directions reach them. Errors: kNothingToMeasure if the run has one direction or the mean
// is 0; kUsage for a measure that may be negative.
[[nodiscard]] Figure directions_figure(const RunStore& store, const RunView& view,
                                       const FigureSubject& subject);

}  // namespace tugline
