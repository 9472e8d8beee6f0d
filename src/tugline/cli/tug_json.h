// The output of `tugline tug --json`. The fields are in docs/formats.md. Numbers read back to the same
// doubles.
#pragma once

#include <string>

#include "tugline/cli/tug_result.h"

namespace tugline {

// The result at the only span, as one JSON object.
[[nodiscard]] std::string tug_json(const TugResult& result);

// The result at every sentence, as one JSON object.
[[nodiscard]] std::string sentences_json(const TugResult& result);

}  // namespace tugline
