#include "tugline/core/strict_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "support/expect_error.h"

namespace tugline {
namespace {

using nlohmann::json;

void expect_refused(std::string_view text, std::vector<std::string> parts) {
  parts.emplace_back("a.json");
  expect_error(ErrorCode::kInput, parts, [&] { static_cast<void>(parse_strict_json(text, "a.json")); });
}

TEST(StrictJson, GivesWhatTheLibrarysOwnParserGives) {
  for (const char* text :
       {"null", "true", "-1", "18446744073709551615", "1.5e-3", "\"a\\u00e9\"", "[]", "{}",
        R"({"a": [1, {"b": null, "c": [[], {}, "x"]}, false], "d": {"a": {"a": 2}}, "": -0.0})",
        "\xef\xbb\xbf[1]"})
    EXPECT_EQ(parse_strict_json(text, "a.json"), json::parse(text)) << text;
}

TEST(StrictJson, ANameTwiceInOneObjectIsRefused) {
  expect_refused(R"({"a": 1, "a": 1})", {"'a'", "twice"});
  expect_refused(R"([{"b": {"c": 1, "d": 2, "c": 3}}])", {"'c'", "twice"});
  EXPECT_EQ(parse_strict_json(R"([{"a": 1}, {"a": {"a": 2}}])", "a.json").size(), 2U);
}

TEST(StrictJson, DeepNestingIsRefused) {
  for (const char* open : {"[", "{\"a\":"}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += open;
    expect_refused(deep, {"nested"});
  }
  EXPECT_NO_THROW(
      static_cast<void>(parse_strict_json(std::string(64, '[') + std::string(64, ']'), "a.json")));
}

TEST(StrictJson, MalformedTextIsRefusedWithItsPlace) {
  expect_refused("", {"malformed", "line 1, column 1"});
  expect_refused("{\"a\": 1,\n \"b\": nope}", {"malformed", "line 2"});
  expect_refused("{\"a\": NaN}", {"malformed", "line 1, column 7"});
  expect_refused("[1e999]", {"too large"});
  expect_refused("\"\xff\"", {"malformed"});
  expect_refused("[1] 2", {"malformed"});
  const std::string long_word = "[" + std::string(100'000, 'x');
  const Error error = error_of([&] { static_cast<void>(parse_strict_json(long_word, "a.json")); });
  EXPECT_LT(std::string(error.what()).size(), 200U);
}

TEST(StrictJson, OtherContentIsCalledWhatItIs) {
  expect_refused("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", {"git lfs pull"});
  expect_refused("<!DOCTYPE html>", {"web page"});
}

TEST(StrictJson, ShownValuesAreALine) {
  EXPECT_EQ(shown(json{{"a", {1, 2}}}), R"({"a":[1,2]})");
  EXPECT_LT(shown(json(std::string(100'000, 'x'))).size(), 120U);
  EXPECT_EQ(shown(json("a\nb")), "\"a\\nb\"");
}

}  // namespace
}  // namespace tugline
