#include "tugline/cli/plot_command.h"

#include <memory>
#include <string>

#include "tugline/report/figure.h"
#include "tugline/store/run_store.h"

namespace tugline {

void add_plot_command(CLI::App& app) {
  struct Options {
    std::string store;
    std::string output;
    std::string spans;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("plot", "Draw KL against epsilon, one curve a layer, with error bands");
  command->add_option("RUN.db", options->store, "Run store made by tugline sweep")->required();
  command->add_option("-o,--output", options->output, "The figure: FIG.svg, FIG.png or FIG.pdf")->required();
  command
      ->add_option("--spans", options->spans, "Which spans to draw, where the run has both: anchor or chunk")
      ->check(CLI::IsMember({"anchor", "chunk"}));
  command->footer(
      "Examples:\n"
      "  tugline plot run.db -o curve.svg\n"
      "  tugline plot run.db -o curve.pdf --spans chunk\n"
      "Needs gnuplot.");
  command->callback([options] {
    (void)figure_format_of(options->output);  // a wrong name is told before a large store is read
    const RunView view = view_of(RunStore::open_read_only(options->store));
    draw_figure(view, span_kind_to_draw(view, options->spans), options->output);
  });
}

}  // namespace tugline
