#include "tugline/core/file_status.h"

#include <gtest/gtest.h>

#include <string>

#include "support/expect_error.h"
#include "support/temporary_folder.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

TEST(FileStatus, SaysWhatIsThere) {
  const TemporaryFolder folder;
  folder.write("file", "abc");
  fs::create_symlink("file", folder / "link");
  fs::create_symlink("nothing", folder / "dangling");
  EXPECT_EQ(status_of(folder / "file").type(), fs::file_type::regular);
  EXPECT_EQ(status_of(folder / "link").type(), fs::file_type::regular);
  EXPECT_EQ(link_status_of(folder / "link").type(), fs::file_type::symlink);
  EXPECT_EQ(status_of(folder / "dangling").type(), fs::file_type::not_found);
  EXPECT_EQ(status_of(folder / "no" / "file").type(), fs::file_type::not_found);
  EXPECT_EQ(status_of(folder / "file" / "below").type(), fs::file_type::not_found);
  EXPECT_TRUE(is_there(folder / "file"));
  EXPECT_FALSE(is_there(folder / "dangling"));
  EXPECT_EQ(size_of(folder / "file"), 3U);
}

// The system cannot say anything of a path that leads through a loop of links, or has too long a name.
TEST(FileStatus, NoAnswerIsAnError) {
  const TemporaryFolder folder;
  fs::create_symlink("loop", folder / "loop");
  for (const fs::path& path : {folder / "loop", folder / "loop" / "run.db", folder / std::string(300, 'a')}) {
    EXPECT_EQ(error_of([&] { (void)status_of(path); }).code(), ErrorCode::kIo) << path;
    EXPECT_EQ(error_of([&] { (void)is_there(path); }).code(), ErrorCode::kIo) << path;
    EXPECT_EQ(error_of([&] { (void)size_of(path); }).code(), ErrorCode::kIo) << path;
  }
  EXPECT_EQ(error_of([&] { (void)link_status_of(folder / "loop" / "run.db"); }).code(), ErrorCode::kIo);
  EXPECT_EQ(error_of([&] { (void)size_of(folder / "nothing"); }).code(), ErrorCode::kIo);
}

}  // namespace
}  // namespace tugline
