#include "tugline/cli/repl_command.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <string>

#include "tugline/cli/error_text.h"
#include "tugline/cli/interrupt.h"
#include "tugline/cli/line_source.h"
#include "tugline/cli/model_argument.h"
#include "tugline/cli/session.h"
#include "tugline/cli/session_history.h"
#include "tugline/cli/tug_session.h"
#include "tugline/cli/words.h"
#include "tugline/core/error.h"
#include "tugline/core/out_of_memory.h"
#include "tugline/core/plural.h"

namespace tugline {
namespace {

struct ReplArguments {
  std::string model;
  PushArguments loading;
  std::string history;
  bool no_history = false;
};

// Lines that did not succeed.
struct FailedLines {
  int64_t count = 0;
  int64_t first = 0;
  ErrorCode code = ErrorCode::kUsage;
};

class Repl {
 public:
  Repl(TugSession& session, LineSource& lines, SessionHistory& history, bool is_interactive)
      : session_(session), lines_(lines), history_(history), is_interactive_(is_interactive) {}

  void run() {
    while (const std::optional<std::string> line = whole_line()) {
      remember(*line);
      if (run_line(*line) == SessionState::kEnds) break;
    }
    if (failed_.count > 0 && !is_interactive_)
      fail(failed_.code, "{} of the session failed; the first is line {}", counted(failed_.count, "line"),
           failed_.first);
  }

 private:
  // Lines until no quote is open; no value at the end of the input.
  std::optional<std::string> whole_line() {
    std::string whole;
    std::optional<std::string> line = lines_.next("tugline> ");
    ++number_;
    line_begin_ = number_;
    while (line) {
      if (lines_.is_abandoned()) return "";
      whole += *line;
      if (!split_words(whole).is_open) return whole;
      whole += '\n';
      line = lines_.next("...> ");
      ++number_;
    }
    if (whole.empty()) return std::nullopt;
    tell_failure(Error(ErrorCode::kUsage, "the input ends within a quotation"));
    return std::nullopt;
  }

  void remember(const std::string& line) {
    if (!is_interactive_ || split_words(line).words.empty()) return;
    if (line.find('\n') == std::string::npos) lines_.remember(line);
    try {
      history_.add(line);
    } catch (const Error& e) {
      spdlog::warn("{}", e.what());
    }
  }

  SessionState run_line(const std::string& line) {
    try {
      forget_interrupts();
      return session_.run(split_words(line).words);
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted)
        spdlog::warn("interrupted");
      else
        tell_failure(e);
    } catch (const std::filesystem::filesystem_error& e) {
      tell_failure(Error(ErrorCode::kIo, e.what()));
    } catch (const std::bad_alloc&) {
      tell_failure(Error(ErrorCode::kIo, kOutOfMemory));
    }
    return SessionState::kGoesOn;
  }

  void tell_failure(const Error& e) {
    if (is_interactive_)
      spdlog::error("{}", error_text(e));
    else
      spdlog::error("line {}: {}", line_begin_, error_text(e));
    if (failed_.count++ == 0) {
      failed_.first = line_begin_;
      failed_.code = e.code();
    }
  }

  TugSession& session_;
  LineSource& lines_;
  SessionHistory& history_;
  bool is_interactive_;
  int64_t number_ = 0;
  int64_t line_begin_ = 0;
  FailedLines failed_;
};

std::filesystem::path history_file(const ReplArguments& a) {
  if (a.no_history) return {};
  return a.history.empty() ? default_history_file() : std::filesystem::path(a.history);
}

void run(const ReplArguments& a) {
  const bool is_interactive = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
  if (is_interactive) watch_interrupts();
  SessionHistory history(is_interactive ? history_file(a) : std::filesystem::path());
  TugModel facts{.source = find_model(a.model)};
  facts.config = read_config(facts.source);
  LanguageModel model = load_model(facts.source, model_options(a.loading));
  TugSession session(std::move(facts), std::move(model), a.loading);
  const auto lines =
      is_interactive
          ? edited_lines(history.lines(), [&session](const auto& words) { return session.complete(words); })
          : piped_lines();
  if (is_interactive) {
    catch_interrupts_of_session();
    spdlog::info("a line has the options of tugline tug; help shows them, Ctrl-D ends");
  }
  Repl(session, *lines, history, is_interactive).run();
}

}  // namespace

void add_repl_command(CLI::App& app) {
  auto arguments = std::make_shared<ReplArguments>();
  CLI::App* command =
      app.add_subcommand("repl", "Load a model once, and push line by line: a session of tugs");
  command->add_option("MODEL", arguments->model, kModelHelp)->required();
  add_model_options(*command, arguments->loading);
  CLI::Option* no_history =
      command->add_flag("--no-history", arguments->no_history, "Keep no lines for later sessions");
  command
      ->add_option("--history", arguments->history,
                   "The file that keeps lines for later sessions; by default tugline/history in "
                   "$XDG_STATE_HOME or ~/.local/state")
      ->type_name("FILE")
      ->excludes(no_history);
  command->footer(
      "Examples:\n"
      "  tugline repl model.gguf\n"
      "  tugline repl model.gguf < lines.txt > results.txt\n"
      "Lines of a session:\n"
      "  set --text-file trace.txt --layers 10,20\n"
      "  --sentence 'So the total is 12.' --moved-tokens 3\n"
      "  --every-sentence --epsilons 1\n"
      "A line has the options of tugline tug, except --precision and --threads. set keeps options for the "
      "lines "
      "that follow. Ctrl-C stops a computation and keeps the session. If the lines come from a file or a "
      "pipe, "
      "a line that fails is reported with its number, the others are run, and the exit status is that of the "
      "first that failed.");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace tugline
