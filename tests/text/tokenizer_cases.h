// The fixture of tests/fixtures/make_tokenizer_cases.py: variants of one small tokenizer with the reference's
// answers.
#pragma once

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tugline/core/ids.h"

namespace tugline {

inline const nlohmann::json& tokenizer_cases() {
  static const nlohmann::json cases =
      nlohmann::json::parse(std::ifstream(std::string(TUGLINE_FIXTURES) + "/tokenizer_cases.json"));
  return cases;
}

// The base tokenizer.json with some of its top-level parts replaced.
inline nlohmann::json tokenizer_with(const nlohmann::json& replace) {
  nlohmann::json document = tokenizer_cases().at("base");
  document.update(replace);
  return document;
}

// The characters that a range of bytes touches, as the reference counts a part of a character.
inline ByteRange widened(std::string_view text, ByteRange range) {
  const auto inside = [&](int64_t at) {
    return at < static_cast<int64_t>(text.size()) && (text[static_cast<size_t>(at)] & 0xC0) == 0x80;
  };
  while (inside(range.begin)) --range.begin;
  while (inside(range.end)) ++range.end;
  return range;
}

}  // namespace tugline
