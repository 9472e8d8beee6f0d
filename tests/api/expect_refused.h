// Expects a call of the library to throw an Error.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tugline/error.h"

namespace tugline::test {

// `part` is in the message.
template <typename Call>
void expect_refused(const std::string& part, const Call& call) {
  try {
    call();
    ADD_FAILURE() << "not refused: " << part;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

}  // namespace tugline::test
