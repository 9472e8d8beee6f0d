// A system that refuses: a log on a full disk, a limit on the size of files, a disk that fails under a model.
// A message and an exit status, never a signal.
#include "commands.h"

namespace tugline::test {
namespace {

const std::string kSettings = " --layers 0 --directions 2 --epsilons 1";

class FailingSystem : public Commands {};

TEST_F(FailingSystem, ALogThatCannotBeWrittenEndsNoSweep) {
  ASSERT_TRUE(std::filesystem::exists("/dev/full"));
  const ProgramOutcome outcome = tugline("sweep $MODEL data.json -o run.db" + kSettings + " 2>/dev/full");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_FALSE(holds(printed("summary run.db"), "unfinished"));
}

#ifndef TUGLINE_SANITIZED  // sanitizers have an mmap of their own, which the library does not replace
TEST_F(FailingSystem, AModelThatIsCutWhileItIsReadIsAnError) {
  for (const char* file : {"/model/model.safetensors", "/model/tokenizer.json"}) {
    int cuts = 0;  // after which a page could not be read; the others are found when the file is opened again
    for (const char* time : {"1", "2", "3", "4", "5"}) {
      std::filesystem::remove(folder_ / "run.db");
      std::filesystem::remove_all(folder_ / "model");
      std::filesystem::copy(kTinyModel, folder_ / "model");
      const ProgramOutcome outcome =
          run_program("cd '" + folder_.path().string() + "' && export TUGLINE_CUT_MAPPED=" + file +
                      " TUGLINE_CUT_AT=" + time +
                      " LD_PRELOAD='" TUGLINE_CUT_MAPPED_FILES "' && '" TUGLINE_PROGRAM
                      "' sweep model data.json -o run.db" +
                      kSettings);
      if (outcome.status == 0) break;  // the file is not mapped so often
      EXPECT_EQ(outcome.status, 2) << file << time << "\n" << outcome.err;
      EXPECT_FALSE(std::filesystem::exists(folder_ / "run.db")) << file << time;
      if (holds(outcome.err, std::string(file) + ": a part of the file cannot be read")) ++cuts;
    }
    EXPECT_GT(cuts, 0) << file;
  }
}
#endif

#ifndef TUGLINE_SANITIZED  // LLVM's OpenMP needs files that may grow
TEST_F(FailingSystem, AFileThatMayNotGrowIsAnError) {
  for (const char* blocks : {"0", "8", "60"}) {
    const ProgramOutcome outcome =
        run_program("cd '" + folder_.path().string() + "' && rm -f run.db && ulimit -f " + blocks + " && '" +
                    TUGLINE_PROGRAM "' sweep '" + kTinyModel + "' data.json -o run.db" + kSettings +
                    " 2>&1; echo status $?");
    EXPECT_TRUE(holds(outcome.out, "status 2")) << blocks << "\n" << outcome.out;
    EXPECT_TRUE(holds(outcome.out, "run.db")) << blocks << "\n" << outcome.out;
  }
}
#endif

#ifndef TUGLINE_WITHOUT_ADDRESS_LIMITS
// From little more than the program's own libraries need to more than the run needs. With less, the loader
// gives up, or a library does in its own initialisation, before any code of ours. One arena: others reserve
// 64 MB each at times, which the threads' moments decide.
TEST_F(FailingSystem, ALimitOnAddressSpaceEndsInNoSignal) {
  const auto limited = [&](int kilobytes, const std::string& arguments) {
    return run_program("cd '" + folder_.path().string() + "' && ulimit -c 0 && ulimit -v " +
                       std::to_string(kilobytes) + " && MALLOC_ARENA_MAX=1 exec '" TUGLINE_PROGRAM "' " +
                       arguments);
  };
  std::string statuses = " ";
  for (int kilobytes = 48000; kilobytes <= 180000; kilobytes += 2000) {
    if (limited(kilobytes, "--version").status != 0) continue;
    const ProgramOutcome outcome =
        limited(kilobytes, "tug '" + kTinyModel +
                               "' --text 'One. Two. Three.' --span 2:4 --bos never --json" + kSettings);
    EXPECT_LT(outcome.status, 128) << kilobytes << "\n" << outcome.err;
    if (outcome.status == 2) {
      EXPECT_TRUE(holds(outcome.err, "memory")) << kilobytes << "\n" << outcome.err;
    }
    statuses += std::to_string(outcome.status) + " ";
  }
  EXPECT_TRUE(holds(statuses, " 2 ")) << statuses;
  EXPECT_TRUE(statuses.ends_with(" 0 ")) << statuses;
}
#endif

}  // namespace
}  // namespace tugline::test
