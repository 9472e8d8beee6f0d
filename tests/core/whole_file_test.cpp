#include "tugline/core/whole_file.h"

#include "support/expect_error.h"
#include "support/temporary_folder.h"

namespace tugline {
namespace {

// The system opens this file, and refuses to read its beginning (EIO): nothing is mapped there.
constexpr const char* kBroken = "/proc/self/mem";

class WholeFile : public testing::Test {
 protected:
  TemporaryFolder folder_;
};

TEST_F(WholeFile, HasAllBytes) {
  const std::string bytes = std::string(200'000, 'a') + '\0' + "\r\n";
  EXPECT_EQ(read_whole_file(folder_.write("file", bytes)), bytes);
  EXPECT_EQ(read_whole_file(folder_.write("empty", "")), "");
}

TEST_F(WholeFile, ErrorsNameTheFileAndTheReason) {
  expect_error(ErrorCode::kNotFound, {"none", "No such file"},
               [&] { (void)read_whole_file(folder_ / "none"); });
  expect_error(ErrorCode::kInput, {folder_.path(), "directory"},
               [&] { (void)read_whole_file(folder_.path()); });
  expect_error(ErrorCode::kIo, {"the file of names", "Input/output error"},
               [] { (void)read_whole_file(kBroken, "the file of names"); });
}

}  // namespace
}  // namespace tugline
