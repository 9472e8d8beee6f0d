// The answers and the tables of an analysis as text for people.
#pragma once

#include <string>
#include <vector>

#include "tugline/report/answers.h"

namespace tugline {

// What was analysed, a note if there are few examples, and each question with its sentences, one "- " line
// each. The anchor's contrasts follow as a small table of kinds by layers. Lines are not wrapped.
[[nodiscard]] std::string answers_text(const Analysis& analysis, const std::vector<Answer>& answers);

// A table with aligned columns: texts to the left, numbers to the right with four digits. It leaves
// out the contrasts' bootstrap intervals, because they are of another method than the p-values beside them.
[[nodiscard]] std::string table_text(const ResultTable& table);

}  // namespace tugline
