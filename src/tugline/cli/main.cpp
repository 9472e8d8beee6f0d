// The command line: registers the subcommands and turns errors into messages and exit statuses.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "tugline/cli/export_command.h"
#include "tugline/cli/plot_command.h"
#include "tugline/cli/summary_command.h"
#include "tugline/core/error.h"

int main(int argc, char** argv) {
  CLI::App app("Pushes on a language model's residual stream, and how far its next-token distributions move",
               "tugline");
  app.require_subcommand(1);
  tugline::add_summary_command(app);
  tugline::add_plot_command(app);
  tugline::add_export_command(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const tugline::Error& e) {
    std::fprintf(stderr, "tugline: %s\n", e.what());
    return e.code() == tugline::ErrorCode::kNothingToMeasure ? 3 : 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tugline: internal error: %s\n", e.what());
    return 1;
  }
  return 0;
}
