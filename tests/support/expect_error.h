// Expects a call to throw an Error.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tugline/error.h"

namespace tugline {

// The code and message of the Error that `act` throws; a test failure where it throws none.
struct Thrown {
  ErrorCode code = ErrorCode::kInterrupted;
  std::string message;
};

inline Thrown error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "expected an Error, none was thrown";
  return {};
}

// The message of the Error that `act` throws holds every one of `parts`.
inline void expect_error(ErrorCode code, const std::vector<std::string>& parts,
                         const std::function<void()>& act) {
  const Thrown thrown = error_of(act);
  EXPECT_EQ(name_of(thrown.code), name_of(code)) << thrown.message;
  for (const std::string& part : parts)
    EXPECT_NE(thrown.message.find(part), std::string::npos) << thrown.message;
}

}  // namespace tugline
