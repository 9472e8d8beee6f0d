#include "tugline/core/scratch_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>

#include "support/temporary_folder.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

TEST(ScratchFolder, IsRemovedAtTheEndOrByTheNextAfterAKill) {
  const TemporaryFolder folder;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  const pid_t child = ::fork();
  if (child == 0) {
    const ScratchFolder scratch("made-");
    std::ofstream(scratch.path() / "file") << "x";
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  ASSERT_EQ(folder.names().size(), 1U);
  std::filesystem::create_directory(folder / "made-by-others");
  {
    const ScratchFolder first("made-");
    const ScratchFolder second("made-");  // leaves the first alone
    EXPECT_NE(first.path(), second.path());
    EXPECT_TRUE(std::filesystem::is_directory(first.path()));
    EXPECT_EQ(folder.names().size(), 3U);
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"made-by-others"});
  ::setenv("TMPDIR", (folder / "none").c_str(), 1);
  EXPECT_THROW(const ScratchFolder scratch("made-"), Error);
  ::unsetenv("TMPDIR");
}

}  // namespace
}  // namespace tugline
