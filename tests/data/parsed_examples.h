// Examples for tests of the dataset's reader: what is read of JSON, and how it is refused.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/data/dataset.h"

namespace tugline::test {

using nlohmann::json;

inline std::vector<Example> parse(const json& document) {
  return parse_dataset(document.dump(), "traces.json").examples;
}

inline Example parse_one(const json& example) { return parse(json::array({example})).at(0); }

// The message of the Error of kind `code` that `text` gives.
inline std::string refusal(std::string_view text, ErrorCode code = ErrorCode::kInput,
                           const FieldNames& names = {}) {
  try {
    static_cast<void>(parse_dataset(text, "traces.json", names));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_LT(std::string_view(error.what()).size(), 400U) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "accepted: " << text;
  return "";
}

// A reasoning text of five chunks, in which one sentence is there twice.
inline json five_chunks() {
  const std::string cot =
      "Let me see it first. Wait.\n\nThat is not right. So it is twelve. Add it again. So it is twelve. And "
      "so";
  return {{"raw_response", "Q<think>" + cot}, {"cot", cot}};
}

}  // namespace tugline::test
