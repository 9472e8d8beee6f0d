// The figure of texts sentence by sentence: the response of each chunk, in the order of the text, with the
// anchor marked.
#pragma once

#include "tugline/report/curves_figure.h"

namespace tugline {

// At one epsilon, the layers beside each other. One example (FigureSubject::examples, or the run's only one):
// a row with each chunk's words. Several: a panel each, by chunk number; at most twelve. Errors: kUsage
// (setting "spans") if the run has no chunks; kUsage (setting "example") for one without chunks.
[[nodiscard]] Figure text_figure(const RunStore& store, const RunView& view, const FigureSubject& subject);

}  // namespace tugline
