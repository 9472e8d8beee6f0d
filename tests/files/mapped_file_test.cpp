#include "tugline/files/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "files/build_bytes.h"
#include "support/expect_error.h"
#include "support/resident_bytes.h"

namespace tugline {
namespace {

TEST(MappedFile, GivesTheBytesAndSurvivesMoves) {
  const TemporaryFolder folder;
  MappedFile first = MappedFile::open(folder.write("a", "abc"));
  const std::byte* data = first.bytes().data();
  MappedFile second = MappedFile::open(folder.write("b", "other"));
  second = std::move(first);
  ASSERT_EQ(second.bytes().size(), 3U);
  EXPECT_EQ(second.bytes().data(), data);
  EXPECT_EQ(second.bytes()[2], std::byte{'c'});
}

int64_t sum(std::span<const std::byte> bytes) {
  int64_t total = 0;
  for (const std::byte b : bytes) total += std::to_integer<int64_t>(b);
  return total;
}

TEST(MappedFile, ReleasesItsPagesAndReadsThemAgain) {
  constexpr int64_t kBytes = int64_t{32} << 20;
  const TemporaryFolder folder;
  const MappedFile file = MappedFile::open(folder.write("large", std::string(kBytes, '\1')));
  EXPECT_EQ(sum(file.bytes()), kBytes);
  const int64_t read = test::resident_bytes();
  file.release(file.bytes());
  EXPECT_LT(test::resident_bytes(), read - kBytes / 2);
  EXPECT_EQ(sum(file.bytes()), kBytes);
}

TEST(MappedFile, ReleasesNothingThatIsNotItsOwn) {
  const TemporaryFolder folder;
  const MappedFile file = MappedFile::open(folder.write("small", "abc"));
  const std::vector<std::byte> heap(size_t{1} << 20, std::byte{1});
  file.release(heap);
  EXPECT_EQ(sum(heap), int64_t{1} << 20);
}

TEST(MappedFile, RefusesWhatIsNoFile) {
  const TemporaryFolder folder;
  const auto open = [&](const char* name) { static_cast<void>(MappedFile::open(folder.path() / name)); };
  expect_error(ErrorCode::kNotFound, {"missing"}, [&] { open("missing"); });
  expect_error(ErrorCode::kInput, {"directory"}, [&] { open(""); });
  folder.write("empty", "");
  expect_error(ErrorCode::kInput, {"empty"}, [&] { open("empty"); });
  ASSERT_EQ(mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
  expect_error(ErrorCode::kInput, {"pipe", "regular file"}, [&] { open("pipe"); });
}

TEST(MappedFile, UnreadableIsAnIoError) {
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const auto file = folder.write("secret", "x");
  std::filesystem::permissions(file, std::filesystem::perms::none);
  const bool root = ::geteuid() == 0;  // may read every file, so it becomes somebody else for a moment
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  expect_error(ErrorCode::kIo, {"secret"}, [&] { static_cast<void>(MappedFile::open(file)); });
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
}

}  // namespace
}  // namespace tugline
