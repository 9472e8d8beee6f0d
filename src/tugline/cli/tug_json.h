// The output of `tugline tug --json`. The fields are in docs/formats.md. Numbers read back to the same
// doubles.
#pragma once

#include <string>

#include "tugline/cli/tug_result.h"

namespace tugline {

// Of the only span.
[[nodiscard]] std::string tug_json(const TugResult& result);

// Of every sentence.
[[nodiscard]] std::string sentences_json(const TugResult& result);

}  // namespace tugline
