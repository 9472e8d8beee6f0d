#include "tugline/cli/plot_command.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tugline/cli/number_options.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/partial_run.h"
#include "tugline/cli/standard_output.h"
#include "tugline/core/error.h"
#include "tugline/data/dataset.h"
#include "tugline/report/distance_figure.h"
#include "tugline/report/drawn_figure.h"
#include "tugline/report/families_figure.h"
#include "tugline/report/figure.h"
#include "tugline/report/span_figures.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

struct Options {
  std::vector<std::string> stores = {};
  std::string output = {};
  bool force = false;
  std::string kind = "curves";
  std::string spans = {};
  std::optional<int32_t> layer = {};
  std::optional<double> epsilon = {};
  std::string metric = {};
};

// Which of the options a kind has; what it would ignore is refused.
void check_options(const Options& options) {
  const bool has_metric = options.kind == "chunks" || options.kind == "scatter";
  if (options.layer && !has_metric && options.kind != "families")
    fail(ErrorCode::kUsage, "--layer goes with --kind chunks, scatter and families, not with {}",
         options.kind);
  if (options.epsilon && options.kind != "distance")
    fail(ErrorCode::kUsage, "--epsilon goes with --kind distance, not with {}", options.kind);
  if (options.stores.size() > 1 && options.kind != "families")
    fail(ErrorCode::kUsage, "several runs go with --kind families; {} draws one, and {} are given",
         options.kind, options.stores.size());
  if (!options.metric.empty() && !has_metric)
    fail(ErrorCode::kUsage, "--metric goes with --kind chunks and scatter, not with {}", options.kind);
  if (options.metric.empty() && options.kind == "scatter")
    fail(ErrorCode::kUsage, "--kind scatter needs --metric: {}, or another of the dataset's",
         fmt::join(annotated_metric_names(), ", "));
}

// "-" is SVG on standard output.
bool is_to_standard_output(const Options& options) { return options.output == "-"; }

FigureFormat format_of(const Options& options) {
  return is_to_standard_output(options) ? FigureFormat::kSvg : figure_format_of(options.output);
}

void draw(const std::string& script, const Options& options) {
  if (is_to_standard_output(options)) {
    write_to_standard_output(drawn_figure(script, format_of(options)));
  } else {
    draw_script(script, options.output);
  }
}

int32_t layer_to_draw(const RunView& view, const std::string& span_kind,
                      const std::optional<int32_t>& wanted) {
  std::set<int32_t> layers;
  for (const CurvePoint& point : view.curves)
    if (point.span_kind == span_kind) layers.insert(point.layer);
  if (!wanted) return *layers.rbegin();
  if (!layers.contains(*wanted))
    fail(ErrorCode::kUsage, "--layer {}: the run has no {} spans there; it has layers {}", *wanted, span_kind,
         fmt::join(layers, ", "));
  return *wanted;
}

// The word of sweep's --spans is a kind's name, too: "chunks" is chunk.
std::string singular(const std::string& kind) {
  return kind == "anchors" || kind == "chunks" ? kind.substr(0, kind.size() - 1) : kind;
}

std::string span_kind_of(const RunView& view, const Options& options) {
  // Single spans are looked at as chunks, of which there are many; curves begin with the anchor.
  const bool has_chunks = std::any_of(view.curves.begin(), view.curves.end(),
                                      [](const CurvePoint& point) { return point.span_kind == "chunk"; });
  const bool is_of_single_spans =
      options.kind == "chunks" || options.kind == "scatter" || options.kind == "anisotropy";
  const bool prefers_chunks = is_of_single_spans && options.spans.empty() && has_chunks;
  return span_kind_to_draw(view, prefers_chunks ? "chunk" : singular(options.spans));
}

std::string script_of(const RunStore& store, const RunView& view, const Options& options) {
  const std::string span_kind = span_kind_of(view, options);
  const FigureFormat format = format_of(options);
  if (options.kind == "curves") return figure_script(view, span_kind, format);
  if (options.kind == "distance")
    return distance_figure_script(store, view,
                                  {.span_kind = span_kind, .epsilon = options.epsilon, .format = format});
  const SpanFigureOptions figure{.span_kind = span_kind,
                                 .layer = layer_to_draw(view, span_kind, options.layer),
                                 .metric = options.metric,
                                 .format = format};
  if (options.kind == "chunks") return chunks_figure_script(store, view, figure);
  if (options.kind == "scatter") return scatter_figure_script(store, view, figure);
  return anisotropy_figure_script(store, view, figure);
}

std::string families_script(const Options& options) {
  std::vector<FamilyRun> runs;
  for (const std::string& path : options.stores) {
    const RunStore store = RunStore::open_read_only(path);
    warn_of_part(store);
    runs.push_back({.path = path, .view = view_of(store)});
  }
  check_comparable(runs);
  const RunView& first = runs.front().view;
  const std::string span_kind = span_kind_of(first, options);
  const int32_t layer = layer_to_draw(first, span_kind, options.layer);
  for (const FamilyRun& run : runs)  // an unfinished one may lack them
    (void)layer_to_draw(run.view, span_kind_to_draw(run.view, span_kind), layer);
  return families_figure_script(runs, {.span_kind = span_kind, .layer = layer, .format = format_of(options)});
}

void run_plot(const Options& options) {
  check_options(options);
  (void)format_of(options);  // a wrong name is told before a large store is read
  if (is_to_standard_output(options)) {
    check_standard_output(options.stores);
  } else {
    check_output({.path = options.output,
                  .kind = OutputKind::kFigure,
                  .inputs = options.stores,
                  .force = options.force});
  }
  if (options.kind == "families") {
    draw(families_script(options), options);
    return;
  }
  const RunStore store = RunStore::open_read_only(options.stores.front());
  warn_of_part(store);
  draw(script_of(store, view_of(store), options), options);
}

}  // namespace

void add_plot_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("plot", "Draw a run: curves with error bands, single spans, directions");
  command
      ->add_option(
          "RUN.db", options->stores,
          "A run store of tugline sweep; --kind families takes several that differ only in their pushes")
      ->required();
  command
      ->add_option("-o,--output", options->output,
                   "The figure to write: FIG.svg, FIG.png or FIG.pdf; - writes SVG to standard output")
      ->required();
  add_force_option(*command, options->force);
  command
      ->add_option(
          "--kind", options->kind,
          "curves (default): KL against epsilon, one curve per layer; chunks: one curve per span, at one "
          "layer; scatter: sensitivity of each span against a metric; anisotropy: how much the response "
          "depends on the direction; distance: KL against the distance from the push; families: one curve "
          "per run, at one layer")
      ->check(CLI::IsMember({"curves", "chunks", "scatter", "anisotropy", "distance", "families"}));
  command->add_option("--spans", options->spans,
                      "The kind of span to draw, if the run has several: anchor, chunk, control_matched ...");
  command
      ->add_option("--layer", options->layer,
                   "The layer of chunks, scatter and families (default: the run's highest)")
      ->check(integer_from(0, std::numeric_limits<int32_t>::max()));
  command->add_option("--epsilon", options->epsilon, "The epsilon of distance (default: the run's largest)")
      ->check(finite_number());
  command->add_option(
      "--metric", options->metric,
      "The dataset's metric against which scatter draws, or by which chunks are coloured (default for "
      "chunks: their order)");
  command->footer(
      "Examples:\n"
      "  tugline plot run.db -o curve.svg\n"
      "  tugline plot run.db -o curve.pdf --spans chunk\n"
      "  tugline plot run.db -o scatter.svg --kind scatter --metric counterfactual_importance_kl\n"
      "  tugline plot downstream.db -o distance.svg --kind distance --epsilon 1\n"
      "  tugline plot isotropic.db covariance.db -o families.svg --kind families --layer 20\n"
      "scatter, anisotropy and chunks with a metric draw what tugline analyze kept in the store; run it "
      "first. Figures need gnuplot.");
  command->callback([options] { run_plot(*options); });
}

}  // namespace tugline
