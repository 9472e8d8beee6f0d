#include "tugline/cli/program.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>

#include "tugline/cli/command_line.h"
#include "tugline/cli/error_text.h"
#include "tugline/cli/standard_output.h"
#include "tugline/cli/terminal.h"
#include "tugline/cli/unreadable_pages.h"
#include "tugline/core/error.h"
#include "tugline/core/out_of_memory.h"

namespace tugline {
namespace {

void log_to_stderr() {
  spdlog::set_default_logger(spdlog::stderr_color_mt(
      "tugline", refuses_colour() ? spdlog::color_mode::never : spdlog::color_mode::automatic));
  spdlog::set_pattern("%^tugline:%$ %v");
}

}  // namespace

// 0 done, 1 our bug; the others: error_text.h, docs/cli.md.
int run_program(int argc, char** argv) {
  // A file larger than `ulimit -f` is then a write that fails, with its message.
  std::signal(SIGXFSZ, SIG_IGN);
  explain_unreadable_pages();
  open_missing_streams();
  log_to_stderr();
  try {
    run_command_line(argc, argv);
    close_standard_output();
    return 0;
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) {
      spdlog::warn("{}", e.what());  // it says what is kept
    } else {
      spdlog::error("{}", error_text(e));
    }
    return exit_status(e.code());
  } catch (const FoundFault& e) {
    spdlog::warn("{}", e.what());
    return kFaultStatus;
  } catch (const std::bad_alloc&) {
    spdlog::error("{}; try a smaller --memory-limit", kOutOfMemory);
    return 2;
  } catch (const std::filesystem::filesystem_error& e) {
    spdlog::error("{}", e.what());
    return 2;
  } catch (const std::exception& e) {
    spdlog::critical("internal error, please report it: {}", e.what());
    return 1;
  }
}

}  // namespace tugline
