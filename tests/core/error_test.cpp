#include "tugline/core/error.h"

#include <gtest/gtest.h>

#include <set>

namespace tugline {
namespace {

TEST(Error, CarriesItsCodeAndMessage) {
  try {
    fail(ErrorCode::kNotFound, "{}: no {}", "model", 7);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_STREQ(error.what(), "model: no 7");
    return;
  }
  FAIL() << "nothing was thrown";
}

TEST(Error, AboutASettingBeginsWithItsName) {
  try {
    refuse("null_directions", "{} is too many", 7);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_EQ(error.setting(), "null_directions");
    EXPECT_STREQ(error.what(), "null_directions: 7 is too many");
    EXPECT_EQ(error.message(), "7 is too many");
    EXPECT_EQ(Error(ErrorCode::kIo, "no room").message(), "no room");
    return;
  }
  FAIL() << "nothing was thrown";
}

TEST(Error, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInterrupted); ++code)
    EXPECT_TRUE(names.insert(name_of(static_cast<ErrorCode>(code))).second);
  EXPECT_FALSE(names.contains("unknown"));
}

}  // namespace
}  // namespace tugline
