#include "tugline/cli/plot_command.h"

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tugline/api/figures.h"
#include "tugline/api/warn.h"
#include "tugline/cli/name_options.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/session.h"
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

void draw(const Figure& figure, const Options& options) {
  if (is_to_standard_output(options)) {
    write_to_standard_output(drawn_figure(figure));
  } else {
    draw_figure(figure, options.output);
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
  for (const std::string& path : options.stores)
    warn_of_part(RunStore::open_read_only(path), watch_on_stderr());
  draw(plotted({options.stores.begin(), options.stores.end()}, options.plot, format_of(options)), options);
}

}  // namespace

void add_plot_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  const auto kinds = plot_kinds();
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
      ->type_name("FIG.svg")
      ->required();
  add_force_option(*command, options->force);
  command
      ->add_option(
          "--kind", options->plot.kind,
          "curves (default): the response against epsilon, by layer or kind of span; controls: the anchors "
          "against "
          "other spans, example by example; layers: a heat map of epsilon by layer, and curvatures; "
          "directions: "
          "how many are needed; dose: the epsilon at which KL reaches --kl, by layer; text: sentence by "
          "sentence; distance: the response against the distance from "
          "the push; families: one curve per run, at one layer; chunks: one curve per span, at one layer; "
          "scatter: sensitivity of each span against a metric; anisotropy: how much the direction matters")
      ->check(one_of({kinds.begin(), kinds.end()}));
  command->add_option("--measure", options->plot.measure,
                      "The response to draw: kl (default), kl_own_row, kl_after, js, delta_logprob, ...");
  command->add_option(
      "--spans", options->plot.spans,
      "The kinds of spans, if the run has several: anchor, chunk, control_matched ...; for curves "
      "several with commas between, or all");
  command
      ->add_option("--layer", options->plot.layer,
                   "One layer only (default of chunks, scatter and families: the run's highest)")
      ->check(integer_from(0, std::numeric_limits<int32_t>::max()));
  command
      ->add_option(
          "--epsilon", options->plot.epsilon,
          "The epsilon of controls, directions, text, distance and anisotropy (default: the run's largest)")
      ->check(finite_number());
  command
      ->add_option("--example", options->plot.example,
                   "One example only, with its words, of text (default: the first twelve)")
      ->check(integer_from(0, std::numeric_limits<int64_t>::max()));
  command->add_option("--kl", options->plot.kl, "The KL to reach, in nats, of dose (default 0.1)")
      ->check(positive_number());
  command->add_option("--statistic", options->plot.statistic,
                      "Of dose: what of a push's readout rows reaches it: mean (default), p95, own-row");
  command->add_option(
      "--metric", options->plot.metric,
      "The dataset's metric against which scatter draws, or by which chunks are coloured (default for "
      "chunks: their order)");
  command->add_option(
      "--scale", options->plot.scale,
      "log-log, log (the vertical axis), linear; auto (default): log-log if the values allow it");
  command->add_option("--title", options->plot.title, "A title in place of the figure's own");
  command
      ->add_option(
          "--width", options->plot.width,
          "Pixels of the SVG (default 900, slides 1280); type keeps its size. PNG has twice as many, PDF "
          "120 an inch")
      ->check(number_from(360, 4000));
  command->add_flag_callback(
      "--no-caption", [options] { options->plot.caption = false; },
      "No text below the figure; the file's metadata still describes it");
  command->add_option("--style", options->plot.style,
                      "paper (default) or slides: larger type, thicker lines");
  command->footer(
      "Examples:\n"
      "  tugline plot run.db -o curve.svg\n"
      "  tugline plot run.db -o kinds.pdf --spans anchor,control_matched --measure js\n"
      "  tugline plot run.db -o controls.svg --kind controls\n"
      "  tugline plot run.db -o dose.svg --kind dose --kl 0.1\n"
      "  tugline plot run.db -o text.svg --kind text --example 3\n"
      "  tugline plot run.db -o layers.svg --kind layers --style slides\n"
      "  tugline plot run.db -o scatter.svg --kind scatter --metric counterfactual_importance_kl\n"
      "  tugline plot downstream.db -o distance.svg --kind distance --epsilon 1\n"
      "  tugline plot isotropic.db covariance.db -o families.svg --kind families --layer 20\n"
      "scatter, and chunks with a metric, draw what tugline analyze kept in the store; run it "
      "first. Figures need gnuplot.");
  command->callback([options] { run_plot(*options); });
}

}  // namespace tugline
