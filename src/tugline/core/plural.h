// Counted things in messages: "1 span", "2 spans".
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace tugline {

// The noun in the number that `count` asks for; all our nouns take an s, those in ch and sh an es.
[[nodiscard]] inline std::string counted(int64_t count, std::string_view noun) {
  const bool is_sibilant = noun.ends_with("ch") || noun.ends_with("sh");
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : is_sibilant ? "es" : "s");
}

}  // namespace tugline
