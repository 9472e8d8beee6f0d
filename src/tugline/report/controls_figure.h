// The figure that compares the anchors with other spans of their texts: paired differences, example by
// example.
#pragma once

#include "tugline/report/curves_figure.h"

namespace tugline {

// One panel per layer, one row for each kind of span that is not the anchor, at one epsilon: a dot for each
// example's difference, its mean with the t interval, and beside it the numbers. Differences are in per cent
// of the other kind's mean; those of a measure that may be negative are in its unit. Errors: kUsage (setting
// "spans") if the run has no anchors, or no other kind beside them.
[[nodiscard]] Figure controls_figure(const RunStore& store, const RunView& view,
                                     const FigureSubject& subject);

}  // namespace tugline
