// A sweep that is interrupted keeps its finished units, and goes on to the same results as one that was not.
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <sstream>
#include <thread>

#include "commands.h"
#include "tugline/store/run_store.h"

extern char** environ;

namespace tugline::test {
namespace {

const std::string kLong =
    " --layers all --spans anchor,chunks --directions 60 --epsilons 0.5,1,2 --audit 5 --threads 2";

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

  [[nodiscard]] pid_t start(const std::string& store) const { return start(words(store)); }
  [[nodiscard]] pid_t start_long(const std::string& store) const {
    std::vector<std::string> all{
        TUGLINE_PROGRAM,           "sweep", kTinyModel, (folder_ / "data.json").string(), "-o",
        (folder_ / store).string()};
    std::istringstream options(kLong);
    for (std::string word; options >> word;) all.push_back(word);
    return start(all);
  }

  [[nodiscard]] static pid_t start(const std::vector<std::string>& owned) {
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
  EXPECT_TRUE(holds(printed("summary cut.db"), "unfinished"));
  EXPECT_EQ(status_of(start("cut.db")), 0);
  EXPECT_EQ(units("cut.db"), all);
  EXPECT_EQ(responses("cut.db"), responses("whole.db"));

  EXPECT_EQ(interrupt_after_a_unit("killed.db", SIGKILL), 128 + SIGKILL);
  EXPECT_EQ(status_of(start("killed.db")), 0);
  EXPECT_EQ(responses("killed.db"), responses("whole.db"));
}

// oneDNN's products may point the stack register into a buffer, which a signal handler on such a thread would
// write into: crashes and endless loops, in one run of thirty. And an audit's reruns stop as well.
TEST_F(SweepInterrupt, AtAnyMomentEndsTheSweepSoon) {
  using Clock = std::chrono::steady_clock;
  constexpr int kTimes = 6;
  const auto whole = Clock::now();
  ASSERT_EQ(tugline("sweep $MODEL data.json -o whole.db" + kLong).status, 0);
  const auto duration = Clock::now() - whole;
  for (int i = 0; i < kTimes; ++i) {
    const std::string store = fmt::format("{}.db", i);
    const pid_t child = start_long(store);
    std::this_thread::sleep_for(duration * (i + 1) / (kTimes + 2));
    const auto interrupted = Clock::now();
    kill(child, SIGINT);
    const int status = status_of(child);
    // Before the sweep begins, a signal ends the process as usual.
    EXPECT_TRUE(status == 130 || status == 0) << status << " at " << i;
    EXPECT_LT(Clock::now() - interrupted, std::chrono::seconds(20)) << i;  // 2 on an idle machine
  }
}

}  // namespace
}  // namespace tugline::test
