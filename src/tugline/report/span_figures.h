// Figures of single spans: one curve per span, one point per span against a metric of the dataset, and how
// much the response depends on the direction.
#pragma once

#include "tugline/report/curves_figure.h"

namespace tugline {

// One curve for each span at one layer, coloured by a metric or by its place in the text. A metric needs a
// stored analysis that had the dataset.
[[nodiscard]] Figure chunks_figure(const RunStore& store, const RunView& view, const FigureSubject& subject);

// |a| of each span at one layer against a metric, one colour per example, with the stored correlations and
// their p-values. Draws the measure of the stored analysis.
[[nodiscard]] Figure scatter_figure(const RunStore& store, const RunView& view, const FigureSubject& subject);

// The largest response divided by the smallest over each span's directions, and their coefficient of
// variation, layer by layer, at one epsilon.
[[nodiscard]] Figure anisotropy_figure(const RunStore& store, const RunView& view,
                                       const FigureSubject& subject);

}  // namespace tugline
