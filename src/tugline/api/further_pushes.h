// Measures more pushes at the spans of a run, by the ordinary sweep, into a run store of their own. The run
// does not change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tugline/api/sweep_job.h"
#include "tugline/core/scratch_folder.h"
#include "tugline/language_model.h"
#include "tugline/options.h"
#include "tugline/store/run_store.h"

namespace tugline {

class FurtherPushes {
 public:
  // `path`: the store of the pushes, which goes on if it is there; empty: a temporary file, which is removed
  // in the end. `command_line` goes into its provenance. Errors: those of settings_of_run; kConflict if the
  // model or the dataset is not the run's.
  FurtherPushes(const RunStore& run, const LanguageModel& model, const DataSource& data,
                const std::string& path, const std::string& command_line, const Watch& watch);
  FurtherPushes(const FurtherPushes&) = delete;
  FurtherPushes& operator=(const FurtherPushes&) = delete;

  // Pushes every direction at the run's spans of the layer. Errors: those of measure.
  void measure(int32_t layer, const std::vector<double>& epsilons);
  // What was measured; no value before the first.
  [[nodiscard]] std::optional<RunStore> store() const;

 private:
  const RunStore& run_;
  const LanguageModel& model_;
  const Watch& watch_;
  std::optional<ScratchFolder> folder_;  // none if the store has a name
  SweepJob job_;
};

}  // namespace tugline
