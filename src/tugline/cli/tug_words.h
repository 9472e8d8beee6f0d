// What the pages of `tugline tug` say in the same words: tokens, numbers, settings.
#pragma once

#include <string>

#include "tugline/cli/terminal.h"
#include "tugline/cli/tug_result.h"
#include "tugline/stats/intervals.h"

namespace tugline {

// A token of the text; its id if the model has no tokenizer, or no token of that id.
[[nodiscard]] std::string shown(const TugText& text, int64_t token);

// "1.234e-05"; "0".
[[nodiscard]] std::string kl_text(double kl);
// "1.234e-05 ± 1.0e-06".
[[nodiscard]] std::string estimate_text(const MeanEstimate& kl);

// How the pushes were made and read, in one or two lines.
[[nodiscard]] std::string settings_text(const TugResult& result);

// " +1.00e-02 'a' +... -3.00e-02 'b'...": the tokens that rose and fell at a row of the push whose KL there
// is the largest of those of the epsilon. Names the direction.
[[nodiscard]] std::string moved_text(const TugResult& result, const UnitMeasurement& unit, size_t row,
                                     double epsilon);

}  // namespace tugline
