#include "tugline/core/error.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tugline/core/first_error.h"

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

TEST(FirstError, KeepsTheFirstAndRunsTheRest) {
  FirstError errors;
  int runs = 0;
  errors.guard([&] { ++runs; });
  errors.guard([&] { ++runs, throw std::runtime_error("first"); });
  errors.guard([&] { ++runs, throw std::logic_error("second"); });
  EXPECT_EQ(runs, 3);
  try {
    errors.rethrow();
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "first");
    return;
  }
  FAIL() << "nothing was thrown";
}

TEST(FirstError, IsQuietWhereNothingWentWrong) {
  FirstError errors;
  errors.guard([] {});
  EXPECT_NO_THROW(errors.rethrow());
}

TEST(FirstError, TakesExceptionsFromSeveralThreads) {
  FirstError errors;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] { errors.guard([] { throw std::runtime_error("in a thread"); }); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THROW(errors.rethrow(), std::runtime_error);
}

}  // namespace
}  // namespace tugline
