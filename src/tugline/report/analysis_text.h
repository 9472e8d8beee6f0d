// An analysis for people: a page of tables about the chosen epsilon. All of it is in the store and in JSON (analysis_tables).
#pragma once

#include <string>

#include "tugline/stats/analysis.h"

namespace tugline {

// Plain text, UTF-8.
[[nodiscard]] std::string analysis_text(const Analysis& analysis);

}  // namespace tugline
