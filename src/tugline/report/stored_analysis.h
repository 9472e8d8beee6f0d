// Reads the analysis that a run's store keeps, for figures: tables by name. Checks that they describe the
// run's present state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tugline/store/run_store.h"

namespace tugline {

// Errors: kUsage if the store has no analysis; kConflict if units were measured since. Both say which command
// to run.
[[nodiscard]] ResultTable stored_table(const RunStore& store, const std::string& name);

// A number among the stored analysis' settings. Throws Error (kInput) if it is missing.
[[nodiscard]] double number_setting(const RunStore& store, const std::string& name);

// A text among them, likewise.
[[nodiscard]] std::string text_setting(const RunStore& store, const std::string& name);

// The rows of one span kind and layer, for tables that have both columns.
[[nodiscard]] std::vector<std::vector<Cell>> rows_of(const ResultTable& table, const std::string& span_kind,
                                                     int32_t layer);

// A cell as a number; no value if it is NULL or text.
[[nodiscard]] std::optional<double> number_of(const Cell& cell);

}  // namespace tugline
