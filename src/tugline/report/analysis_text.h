// Writes an analysis for people: tables about the chosen epsilon. The store and the JSON (analysis_tables) hold all of it.
#pragma once

#include <string>

#include "tugline/stats/analysis.h"

namespace tugline {

// Plain text, UTF-8.
[[nodiscard]] std::string analysis_text(const Analysis& analysis);

}  // namespace tugline
