// Figures of single spans: a curve each, a point each against a metric of the dataset, the unevenness of their directions.
// Each function makes the gnuplot program with its data; figure.h draws it.
#pragma once

#include <string>

#include "tugline/report/figure.h"
#include "tugline/report/run_view.h"
#include "tugline/store/run_store.h"

namespace tugline {

struct SpanFigureOptions {
  std::string span_kind = {};  // as span_kind_to_draw gives it
  int32_t layer = 0;           // of chunks and scatter
  std::string metric = {};     // of the dataset; for chunks empty: the chunk's number
  FigureFormat format = FigureFormat::kSvg;
};

// One curve a span at one layer, coloured by a metric or by its place in the text. With a metric it needs a kept analysis
// that had the dataset.
[[nodiscard]] std::string chunks_figure_script(const RunStore& store, const RunView& view,
                                               const SpanFigureOptions& options);

// |a| of each span at one layer against a metric, one colour an example, with the kept correlations and their p-values.
[[nodiscard]] std::string scatter_figure_script(const RunStore& store, const RunView& view,
                                                const SpanFigureOptions& options);

// The largest over the smallest KL of each span's directions, and their coefficient of variation, layer by layer, at the
// kept analysis' epsilon.
[[nodiscard]] std::string anisotropy_figure_script(const RunStore& store, const RunView& view,
                                                   const SpanFigureOptions& options);

}  // namespace tugline
