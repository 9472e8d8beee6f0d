// Figures of single spans: one curve per span, one point per span against a metric of the dataset, and how much the response depends on
// the direction. Each function returns the gnuplot program with its data; figure.h draws it.
#pragma once

#include <string>

#include "tugline/report/figure.h"
#include "tugline/report/run_view.h"
#include "tugline/store/run_store.h"

namespace tugline {

struct SpanFigureOptions {
  std::string span_kind = {};  // the result of span_kind_to_draw
  int32_t layer = 0;           // of chunks and scatter
  std::string metric = {};     // of the dataset; if it is empty, chunks uses the chunk's number
  FigureFormat format = FigureFormat::kSvg;
};

// One curve for each span at one layer, coloured by a metric or by its place in the text. A metric needs a stored analysis that had the
// dataset.
[[nodiscard]] std::string chunks_figure_script(const RunStore& store, const RunView& view,
                                               const SpanFigureOptions& options);

// |a| of each span at one layer against a metric, one colour per example, with the stored correlations and their p-values.
[[nodiscard]] std::string scatter_figure_script(const RunStore& store, const RunView& view,
                                                const SpanFigureOptions& options);

// The largest KL divided by the smallest over each span's directions, and their coefficient of variation, layer by layer, at the stored
// analysis' epsilon.
[[nodiscard]] std::string anisotropy_figure_script(const RunStore& store, const RunView& view,
                                                   const SpanFigureOptions& options);

}  // namespace tugline
