// Writes counted things in messages: "1 span", "2 spans".
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace tugline {

// `count` and the noun, in the plural unless `count` is 1. Adds s, or es to nouns that end in ch or sh.
[[nodiscard]] inline std::string counted(int64_t count, std::string_view noun) {
  const bool is_sibilant = noun.ends_with("ch") || noun.ends_with("sh");
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : is_sibilant ? "es" : "s");
}

}  // namespace tugline
