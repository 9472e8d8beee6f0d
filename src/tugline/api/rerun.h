// Repeats a run from what its store says, and compares two runs (docs/cli.md, "rerun").
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tugline/api/compared_numbers.h"
#include "tugline/language_model.h"
#include "tugline/options.h"
#include "tugline/store/result_table.h"
#include "tugline/store/run_store.h"

namespace tugline {

// Where a run's model and dataset were when it was measured last, and how it was computed.
struct RerunInputs {
  std::string model;
  std::string data;
  std::vector<std::string> fields;  // NAME=FIELD, of that data
  std::string precision;
  int threads = 0;  // 0 if the store does not say
};
// A relative path that is not there is looked for in the folder in which the run was measured. Errors: kInput
// if the store lacks the precision.
[[nodiscard]] RerunInputs rerun_inputs(const RunStore& run);

// Measures the run's parts into a store at `path`, or what that store lacks of them. `facts`: of the command.
// Units with numbers that are not finite fail, and the others go on. Errors: those of plan_again, run_sweep
// and RunStore; kUsage if `path` is the run itself.
void rerun(const RunStore& run, const LanguageModel& model, const DataSource& data,
           const std::filesystem::path& path, const Provenance& facts, const Watch& watch);

// A setting or fact that two runs have otherwise; empty if one lacks it.
struct SettingDifference {
  std::string name;
  std::string stored;
  std::string again;
};

struct RunComparison {
  std::vector<SettingDifference> settings =
      {};  // of the identity, the files and the examples: may decide numbers
  std::vector<SettingDifference> facts = {};  // of program and machine: may change last digits
  ComparedNumbers numbers;
  std::vector<std::string> missing = {};  // units that the second run lacks
  int64_t extra = 0;                      // units that only the second one has
  int64_t failed = 0;                     // units that failed in the second one
  [[nodiscard]] bool is_same() const {
    return numbers.is_same() && missing.empty() && extra == 0 && failed == 0;
  }
  [[nodiscard]] bool is_within_bound() const {
    return numbers.is_within_bound() && missing.empty() && extra == 0 && failed == 0;
  }
};

// Reads both stores, a unit at a time. Errors: kInterrupted.
[[nodiscard]] RunComparison compare_runs(const RunStore& run, const RunStore& again, const Watch& watch);

// "differences", "measures", "numbers": include/tugline/run.h has their columns.
[[nodiscard]] std::vector<ResultTable> comparison_tables(const RunComparison& comparison);
[[nodiscard]] std::string comparison_text(const RunComparison& comparison);
[[nodiscard]] std::string comparison_json(const RunComparison& comparison);

}  // namespace tugline
