// Checks that a run store holds what a sweep writes: the file, the counts, the ranges, and with the model a
// sample of the numbers, measured again (docs/cli.md, "verify").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tugline/language_model.h"
#include "tugline/options.h"
#include "tugline/store/result_table.h"
#include "tugline/store/run_store.h"

namespace tugline {

// One check, and what it found.
struct VerifyCheck {
  std::string name;         // "structure", "references", "checksums", "counts", "values", "sample"
  std::string result = {};  // a sentence, such as "24 units, 384 pushes"
  int64_t count = 0;        // of faults
  std::vector<std::string> faults = {};  // the first of them, a sentence each
};

struct Verification {
  std::vector<VerifyCheck> checks;
  [[nodiscard]] int64_t faults() const;
};

// Reads the whole store. `watch.progress` is told of the units that are checked. Errors: kInterrupted.
[[nodiscard]] Verification verify_store(const RunStore& run, const Watch& watch);

// Adds the check "sample": measures randomly chosen units again. Errors: kConflict if the model's files, the
// dataset or its tokens are not the run's; those of a sweep.
void verify_sample(const RunStore& run, const VerifySettings& settings, const LanguageModel& model,
                   const DataSource& data, const Watch& watch, Verification& verification);

// The checks as a table: check, faults, result.
[[nodiscard]] ResultTable verify_table(const Verification& verification);
[[nodiscard]] std::string verify_text(const Verification& verification, const std::string& path);
[[nodiscard]] std::string verify_json(const Verification& verification, const std::string& path);

}  // namespace tugline
