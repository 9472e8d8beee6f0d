// Expects a call to throw an Error.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tugline/error.h"

namespace tugline {

// The Error that `act` throws. If it throws none, the test fails.
inline Error error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "expected an Error, none was thrown";
  return {ErrorCode::kInterrupted, "none was thrown"};
}

// The message of the Error that `act` throws holds every one of `parts`.
inline void expect_error(ErrorCode code, const std::vector<std::string>& parts,
                         const std::function<void()>& act) {
  const Error error = error_of(act);
  const std::string message = error.what();
  EXPECT_EQ(name_of(error.code()), name_of(code)) << message;
  for (const std::string& part : parts) EXPECT_NE(message.find(part), std::string::npos) << message;
}

}  // namespace tugline
