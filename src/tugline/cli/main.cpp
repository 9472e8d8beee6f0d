// The command line: registers the subcommands, and turns what went wrong into a message and an exit status.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <string>

#include "tugline/cli/analyze_command.h"
#include "tugline/cli/doctor_command.h"
#include "tugline/cli/export_command.h"
#include "tugline/cli/inspect_command.h"
#include "tugline/cli/merge_command.h"
#include "tugline/cli/plot_command.h"
#include "tugline/cli/summary_command.h"
#include "tugline/cli/sweep_command.h"
#include "tugline/cli/tug_command.h"
#include "tugline/cli/vectors_command.h"
#include "tugline/core/error.h"
#include "tugline/core/out_of_memory.h"
#include "tugline/core/version.h"

namespace {

// 0 done, 1 our bug, 2 bad usage or input, 3 nothing to measure, 130 interrupted.
int exit_status(tugline::ErrorCode code) {
  switch (code) {
    case tugline::ErrorCode::kNothingToMeasure:
      return 3;
    case tugline::ErrorCode::kInterrupted:
      return 130;
    default:
      return 2;
  }
}

void log_to_stderr() {
  spdlog::set_default_logger(spdlog::stderr_color_mt("tugline"));
  spdlog::set_pattern("%^tugline:%$ %v");
}

// For a run's provenance.
std::string command_line(int argc, char** argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) line += (i == 0 ? "" : " ") + std::string(argv[i]);
  return line;
}

void add_commands(CLI::App& app, const std::string& command_line) {
  tugline::add_sweep_command(app, command_line);
  tugline::add_tug_command(app);
  tugline::add_vectors_command(app);
  tugline::add_summary_command(app);
  tugline::add_analyze_command(app);
  tugline::add_plot_command(app);
  tugline::add_export_command(app);
  tugline::add_merge_command(app);
  tugline::add_inspect_command(app);
  tugline::add_doctor_command(app);
}

int run(int argc, char** argv) {
  CLI::App app("Pushes on a language model's residual stream, and how far its next-token distributions move.",
               "tugline");
  app.set_version_flag("--version", std::string(tugline::kVersion));
  app.require_subcommand(1);
  add_commands(app, command_line(argc, argv));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ,
              SIG_IGN);  // a file larger than `ulimit -f` is then a write that fails, with its message
  log_to_stderr();
  try {
    return run(argc, argv);
  } catch (const tugline::Error& e) {
    if (e.code() == tugline::ErrorCode::kInterrupted) {
      spdlog::warn("interrupted; what was finished is kept, and the same command goes on from there");
    } else {
      spdlog::error("{}", e.what());
    }
    return exit_status(e.code());
  } catch (const std::bad_alloc&) {
    spdlog::error("{}; try a smaller --memory-limit", tugline::kOutOfMemory);
    return 2;
  } catch (const std::filesystem::filesystem_error& e) {
    spdlog::error("{}", e.what());
    return 2;
  } catch (const std::exception& e) {
    spdlog::critical("internal error, please report it: {}", e.what());
    return 1;
  }
}
