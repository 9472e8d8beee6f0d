// Whether a text has a part in it.
#pragma once

#include <string>

namespace tugline {

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace tugline
