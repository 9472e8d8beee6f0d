// A sweep that is interrupted keeps its finished units, and goes on to the same results as one that was not.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "commands.h"
#include "tugline/store/run_store.h"

extern char** environ;

namespace tugline::test {
namespace {

class SweepInterrupt : public Commands {
 protected:
  [[nodiscard]] std::vector<std::string> words(const std::string& store) const {
    return {TUGLINE_PROGRAM,
            "sweep",
            kTinyModel,
            (folder_ / "data.json").string(),
            "-o",
            (folder_ / store).string(),
            "--layers",
            "all",
            "--spans",
            "anchor,chunks",
            "--directions",
            "100",
            "--epsilons",
            "0.5,1,2",
            "--threads",
            "1"};
  }

  [[nodiscard]] pid_t start(const std::string& store) const {
    const std::vector<std::string> owned = words(store);
    std::vector<char*> arguments;
    for (const std::string& word : owned) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t child = 0;
    EXPECT_EQ(posix_spawn(&child, TUGLINE_PROGRAM, nullptr, nullptr, arguments.data(), environ), 0);
    return child;
  }

  [[nodiscard]] size_t units(const std::string& store) const {
    if (!std::filesystem::exists(folder_ / store)) return 0;
    return RunStore::open_read_only(folder_ / store).unit_keys().size();
  }

  // Exit status of the child, once it has ended.
  static int status_of(pid_t child) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  int interrupt_after_a_unit(const std::string& store, int signal) const {
    const pid_t child = start(store);
    const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (units(store) == 0 && std::chrono::steady_clock::now() < patience)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    kill(child, signal);
    return status_of(child);
  }

  [[nodiscard]] std::string responses(const std::string& store) const {
    const ProgramOutcome outcome = tugline("export " + store + " --table rows");
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.out;
  }
};

TEST_F(SweepInterrupt, ResumesToTheSameBytes) {
  EXPECT_EQ(status_of(start("whole.db")), 0);
  const size_t all = units("whole.db");
  EXPECT_EQ(all, 4U * 2U * 3U);

  EXPECT_EQ(interrupt_after_a_unit("cut.db", SIGINT), 130);
  EXPECT_GE(units("cut.db"), 1U);
  EXPECT_LT(units("cut.db"), all);
  EXPECT_EQ(folder_.names(), (std::vector<std::string>{"cut.db", "data.json", "whole.db"}));
  EXPECT_TRUE(holds(tugline("summary cut.db").out, "unfinished"));
  EXPECT_EQ(status_of(start("cut.db")), 0);
  EXPECT_EQ(units("cut.db"), all);
  EXPECT_EQ(responses("cut.db"), responses("whole.db"));

  EXPECT_EQ(interrupt_after_a_unit("killed.db", SIGKILL), 128 + SIGKILL);
  EXPECT_EQ(status_of(start("killed.db")), 0);
  EXPECT_EQ(responses("killed.db"), responses("whole.db"));
}

}  // namespace
}  // namespace tugline::test
