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

TEST(Error, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInterrupted); ++code)
    EXPECT_TRUE(names.insert(name_of(static_cast<ErrorCode>(code))).second);
  EXPECT_FALSE(names.contains("unknown"));
}

}  // namespace
}  // namespace tugline
