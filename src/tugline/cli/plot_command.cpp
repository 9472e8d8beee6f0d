#include "tugline/cli/plot_command.h"

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tugline/api/figures.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/partial_run.h"
#include "tugline/cli/standard_output.h"
#include "tugline/report/drawn_figure.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

struct Options {
  std::vector<std::string> stores = {};
  std::string output = {};
  bool force = false;
  PlotSettings plot = {};
};

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

void run_plot(const Options& options) {
  check_plot(options.plot, options.stores.size());
  (void)format_of(options);  // a wrong name is told before a large store is read
  if (is_to_standard_output(options)) {
    check_standard_output(options.stores);
  } else {
    check_output({.path = options.output,
                  .kind = OutputKind::kFigure,
                  .inputs = options.stores,
                  .force = options.force});
  }
  for (const std::string& path : options.stores) warn_of_part(RunStore::open_read_only(path));
  draw(plot_script({options.stores.begin(), options.stores.end()}, options.plot, format_of(options)),
       options);
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
          "--kind", options->plot.kind,
          "curves (default): KL against epsilon, one curve per layer; chunks: one curve per span, at one "
          "layer; scatter: sensitivity of each span against a metric; anisotropy: how much the response "
          "depends on the direction; distance: KL against the distance from the push; families: one curve "
          "per run, at one layer")
      ->check(CLI::IsMember({"curves", "chunks", "scatter", "anisotropy", "distance", "families"}));
  command->add_option("--spans", options->plot.spans,
                      "The kind of span to draw, if the run has several: anchor, chunk, control_matched ...");
  command
      ->add_option("--layer", options->plot.layer,
                   "The layer of chunks, scatter and families (default: the run's highest)")
      ->check(integer_from(0, std::numeric_limits<int32_t>::max()));
  command
      ->add_option("--epsilon", options->plot.epsilon, "The epsilon of distance (default: the run's largest)")
      ->check(finite_number());
  command->add_option(
      "--metric", options->plot.metric,
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
