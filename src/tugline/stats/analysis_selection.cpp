#include "tugline/stats/analysis_selection.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"

namespace tugline {
namespace {

std::set<std::string> kinds_in(const Analysis& analysis) {
  std::set<std::string> kinds;
  for (const SpreadPoint& point : analysis.spread) kinds.insert(point.span_kind);
  return kinds;
}

// The kinds that a word of a sweep's spans stands for.
std::set<std::string> kinds_named(const std::string& word, const std::set<std::string>& kinds) {
  std::set<std::string> named;
  for (const std::string& kind : kinds) {
    const bool is_control = word == "controls" && kind.starts_with("control_");
    const bool is_plural = (word == "chunks" || word == "anchors") && word == kind + "s";
    if (kind == word || is_control || is_plural) named.insert(kind);
  }
  return named;
}

std::set<std::string> wanted_kinds(const Analysis& analysis, const std::vector<std::string>& words) {
  const std::set<std::string> kinds = kinds_in(analysis);
  if (words.empty()) return kinds;
  std::set<std::string> wanted;
  for (const std::string& word : words) {
    const std::set<std::string> named = kinds_named(word, kinds);
    if (named.empty())
      refuse("spans", "the run has no complete spans of the kind '{}'; it has {}", excerpt(word, 40),
             fmt::join(kinds, ", "));
    wanted.insert(named.begin(), named.end());
  }
  return wanted;
}

std::set<int32_t> wanted_layers(const Analysis& analysis, const std::vector<int64_t>& layers) {
  if (layers.empty()) return {analysis.layers.begin(), analysis.layers.end()};
  std::set<int32_t> wanted;
  for (const int64_t layer : layers) {
    const auto found = std::find(analysis.layers.begin(), analysis.layers.end(), layer);
    if (found == analysis.layers.end())
      refuse("layers", "the run has no layer {}; it has {}", layer, fmt::join(analysis.layers, ", "));
    wanted.insert(*found);
  }
  return wanted;
}

}  // namespace

Analysis selected(Analysis analysis, const AnalysisSelection& selection) {
  const std::set<std::string> kinds = wanted_kinds(analysis, selection.spans);
  const std::set<int32_t> layers = wanted_layers(analysis, selection.layers);
  const auto is_left_out = [&](const auto& row) {
    return !kinds.contains(row.span_kind) || !layers.contains(row.layer);
  };
  const auto is_contrast_left_out = [&](const Contrast& contrast) {
    return !kinds.contains(contrast.against_kind) || !layers.contains(contrast.layer) ||
           !layers.contains(contrast.against_layer);
  };
  std::erase_if(analysis.layers, [&](int32_t layer) { return !layers.contains(layer); });
  std::erase_if(analysis.means, is_left_out);
  std::erase_if(analysis.shapes, is_left_out);
  std::erase_if(analysis.span_measures, [&](const SpanMeasures& span) {
    return !kinds.contains(span.unit.span_kind) || !layers.contains(span.unit.layer);
  });
  std::erase_if(analysis.contrasts, is_contrast_left_out);
  std::erase_if(analysis.length_contrasts, is_contrast_left_out);
  std::erase_if(analysis.null_contrasts, is_left_out);
  std::erase_if(analysis.spread, is_left_out);
  std::erase_if(analysis.direction_errors, is_left_out);
  std::erase_if(analysis.directions_needed, is_left_out);
  std::erase_if(analysis.correlations, is_left_out);
  return analysis;
}

}  // namespace tugline
