// A result file is there whole or not at all, and what killed commands left is cleaned up.
#include "tugline/report/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

// The number of a process that has ended.
pid_t ended_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  int status = 0;
  ::waitpid(child, &status, 0);
  return child;
}

TEST(OutputFile, IsThereOnceItIsCommitted) {
  const TemporaryFolder folder;
  std::ofstream(folder / "out") << "old";
  {
    OutputFile file(folder / "out");
    file.write("new, but given up");
    EXPECT_EQ(file_text(folder / "out"), "old");
  }
  EXPECT_EQ(file_text(folder / "out"), "old");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"out"});
  OutputFile file(folder / "out");
  file.write("new");
  file.commit();
  EXPECT_EQ(file_text(folder / "out"), "new");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"out"});
}

TEST(OutputFile, WritesThroughASymbolicLink) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("target", folder / "link");
  OutputFile file(folder / "link");
  file.write("text");
  file.commit();
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(file_text(folder / "target"), "text");
}

TEST(OutputFile, WritesToPipesAndAppendsToAnOpenFile) {
  const TemporaryFolder folder;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  OutputFile pipe("/dev/fd/" + std::to_string(ends[1]));
  pipe.write("text");
  pipe.commit();
  std::array<char, 8> read{};
  EXPECT_EQ(::read(ends[0], read.data(), read.size()), 4);
  EXPECT_STREQ(read.data(), "text");
  ::close(ends[0]);
  ::close(ends[1]);

  const int file = ::open((folder / "out").c_str(), O_WRONLY | O_CREAT, 0666);
  ASSERT_EQ(::write(file, "before\n", 7), 7);
  OutputFile again("/dev/fd/" + std::to_string(file));
  again.write("text");
  again.commit();
  ::close(file);
  EXPECT_EQ(file_text(folder / "out"), "before\ntext");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"out"});
}

TEST(OutputFile, CleansUpAfterKilledCommandsOnly) {
  const TemporaryFolder folder;
  const std::string of_ended = ".out.part-" + std::to_string(ended_process());
  const std::string of_running = ".out.part-" + std::to_string(::getppid());
  const std::vector<std::string> kept{of_running, ".out.part-", ".out.part-x", ".other.part-1", "out.part-1"};
  std::ofstream(folder / of_ended) << "half";
  for (const std::string& name : kept) std::ofstream(folder / name) << "half";
  OutputFile file(folder / "out");
  file.write("text");
  file.commit();
  EXPECT_FALSE(std::filesystem::exists(folder / of_ended));
  for (const std::string& name : kept) EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
}

TEST(OutputFile, LeavesALockedFileAlone) {
  const TemporaryFolder folder;
  const std::string name = ".out.part-" + std::to_string(ended_process());
  const int descriptor = ::open((folder / name).c_str(), O_WRONLY | O_CREAT, 0666);
  ASSERT_EQ(::flock(descriptor, LOCK_EX), 0);
  OutputFile(folder / "out").commit();
  EXPECT_TRUE(std::filesystem::exists(folder / name));
  ::close(descriptor);
}

TEST(OutputFile, SaysWhatCannotBeWritten) {
  const TemporaryFolder folder;
  EXPECT_THROW(OutputFile(folder.path()), Error);
  EXPECT_THROW(OutputFile(folder / "none/out"), Error);
  OutputFile full("/dev/full");
  EXPECT_THROW(full.write("text"), Error);
}

}  // namespace
}  // namespace tugline
