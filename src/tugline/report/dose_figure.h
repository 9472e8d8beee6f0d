// The figure of doses: the epsilon at which the response reaches a target, by layer, with intervals.
#pragma once

#include "tugline/report/curves_figure.h"
#include "tugline/report/dose_tables.h"
#include "tugline/report/figure.h"
#include "tugline/report/run_view.h"

namespace tugline {

// One series for each kind of span, vector and sign of epsilon; random directions beside vectors are a dashed
// one. Up to three series share a panel; more have a panel each, in which the others are faint. A single
// layer: a row for each series. `report` has curves of layers or directions, not of single spans.
// Errors: kUsage (setting "scale"): log-log, because a layer is no size; kNothingToMeasure: no dose at the
// subject's spans and layers.
[[nodiscard]] Figure dose_figure(const RunView& view, const DoseReport& report, const FigureSubject& subject);

}  // namespace tugline
