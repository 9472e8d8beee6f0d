#include "tugline/api/figures.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

#include "tugline/core/error.h"
#include "tugline/data/dataset.h"
#include "tugline/report/distance_figure.h"
#include "tugline/report/families_figure.h"
#include "tugline/report/span_figures.h"

namespace tugline {
namespace {

constexpr std::array<std::string_view, 6> kKinds{"curves",     "chunks",   "scatter",
                                                 "anisotropy", "distance", "families"};

int32_t layer_to_draw(const RunView& view, const std::string& span_kind,
                      const std::optional<int64_t>& wanted) {
  std::set<int32_t> layers;
  for (const CurvePoint& point : view.curves)
    if (point.span_kind == span_kind) layers.insert(point.layer);
  if (!wanted) return *layers.rbegin();
  const auto found =
      std::find_if(layers.begin(), layers.end(), [&](int32_t layer) { return layer == *wanted; });
  if (found == layers.end())
    refuse("layer", "the run has no layer {} with {} spans; it has {}", *wanted, span_kind,
           fmt::join(layers, ", "));
  return *found;
}

// The word of a sweep's spans is a kind's name, too: "chunks" is chunk.
std::string singular(const std::string& kind) {
  return kind == "anchors" || kind == "chunks" ? kind.substr(0, kind.size() - 1) : kind;
}

std::string span_kind_of(const RunView& view, const PlotSettings& settings) {
  // Single spans are looked at as chunks, of which there are many; curves begin with the anchor.
  const bool has_chunks = std::any_of(view.curves.begin(), view.curves.end(),
                                      [](const CurvePoint& point) { return point.span_kind == "chunk"; });
  const bool is_of_single_spans =
      settings.kind == "chunks" || settings.kind == "scatter" || settings.kind == "anisotropy";
  const bool prefers_chunks = is_of_single_spans && settings.spans.empty() && has_chunks;
  return span_kind_to_draw(view, prefers_chunks ? "chunk" : singular(settings.spans));
}

std::string script_of(const RunStore& store, const PlotSettings& settings, FigureFormat format) {
  const RunView view = view_of(store);
  const std::string span_kind = span_kind_of(view, settings);
  if (settings.kind == "curves") return figure_script(view, span_kind, format);
  if (settings.kind == "distance")
    return distance_figure_script(store, view,
                                  {.span_kind = span_kind, .epsilon = settings.epsilon, .format = format});
  const SpanFigureOptions figure{.span_kind = span_kind,
                                 .layer = layer_to_draw(view, span_kind, settings.layer),
                                 .metric = settings.metric,
                                 .format = format};
  if (settings.kind == "chunks") return chunks_figure_script(store, view, figure);
  if (settings.kind == "scatter") return scatter_figure_script(store, view, figure);
  return anisotropy_figure_script(store, view, figure);
}

std::string families_script(const std::vector<std::filesystem::path>& paths, const PlotSettings& settings,
                            FigureFormat format) {
  std::vector<FamilyRun> runs;
  for (const std::filesystem::path& path : paths)
    runs.push_back({.path = path, .view = view_of(RunStore::open_read_only(path))});
  check_comparable(runs);
  const RunView& first = runs.front().view;
  const std::string span_kind = span_kind_of(first, settings);
  const int32_t layer = layer_to_draw(first, span_kind, settings.layer);
  for (const FamilyRun& run : runs)  // an unfinished one may lack them
    (void)layer_to_draw(run.view, span_kind_to_draw(run.view, span_kind), layer);
  return families_figure_script(runs, {.span_kind = span_kind, .layer = layer, .format = format});
}

}  // namespace

void check_plot(const PlotSettings& settings, size_t runs) {
  const std::string& kind = settings.kind;
  if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end())
    refuse("kind", "'{}' is not one of {}", kind, fmt::join(kKinds, ", "));
  const bool has_metric = kind == "chunks" || kind == "scatter";
  if (settings.layer && !has_metric && kind != "families")
    refuse("layer", "goes with the kinds chunks, scatter and families, not with {}", kind);
  if (settings.epsilon && kind != "distance")
    refuse("epsilon", "goes with the kind distance, not with {}", kind);
  if (runs > 1 && kind != "families")
    fail(ErrorCode::kUsage, "several runs go with the kind families; {} draws one, and {} are given", kind,
         runs);
  if (!settings.metric.empty() && !has_metric)
    refuse("metric", "goes with the kinds chunks and scatter, not with {}", kind);
  if (settings.metric.empty() && kind == "scatter")
    refuse("metric", "the kind scatter needs one: {}, or another of the dataset's",
           fmt::join(annotated_metric_names(), ", "));
}

std::string plot_script(const std::vector<std::filesystem::path>& paths, const PlotSettings& settings,
                        FigureFormat format) {
  check_plot(settings, paths.size());
  if (settings.kind == "families") return families_script(paths, settings, format);
  return script_of(RunStore::open_read_only(paths.front()), settings, format);
}

}  // namespace tugline
