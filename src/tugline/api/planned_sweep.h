// From a caller's settings and a loaded model to a planned sweep, with everything checked that is known
// before it begins.
#pragma once

#include <filesystem>
#include <memory>

#include "tugline/api/sweep_job.h"
#include "tugline/language_model.h"
#include "tugline/options.h"

namespace tugline {

// `path` may be empty: then no store is meant. The job's plan points into its dataset, so it stays where it
// is. The caller has an EngineCall on the model. Errors: kUsage for settings that cannot be, naming them;
// those of read_data and make_plan.
[[nodiscard]] std::unique_ptr<SweepJob> planned_sweep(const LanguageModel& model, const DataSource& data,
                                                      const std::filesystem::path& path,
                                                      const SweepSettings& settings, const Watch& watch);

}  // namespace tugline
