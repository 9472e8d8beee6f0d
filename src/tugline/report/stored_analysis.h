// The analysis that a run's store keeps, for figures: tables by name, and a check that they are of this run as it is now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tugline/store/run_store.h"

namespace tugline {

// Errors: kUsage where no analysis is kept; kConflict where units were measured since. Both say what to run.
[[nodiscard]] ResultTable stored_table(const RunStore& store, const std::string& name);

// A setting of the kept analysis that is a number; Error kInput where it lacks it.
[[nodiscard]] double number_setting(const RunStore& store, const std::string& name);

// Rows of one span kind and layer, of tables that have both columns.
[[nodiscard]] std::vector<std::vector<Cell>> rows_of(const ResultTable& table, const std::string& span_kind,
                                                     int32_t layer);

// A cell as a number; nothing where it is NULL or text.
[[nodiscard]] std::optional<double> number_of(const Cell& cell);

}  // namespace tugline
