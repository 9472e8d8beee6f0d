// Measures again what a run store holds: the same pushes in the same parts, so that the same program on the
// same machine computes the same bits. `verify` compares a sample of them, `rerun` repeats all.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "tugline/api/sweep_job.h"
#include "tugline/language_model.h"
#include "tugline/store/run_store.h"
#include "tugline/store/unit_rows.h"

namespace tugline {

// The pushes of a unit that were measured at once, and how many of them were audited then or later.
struct PartToRepeat {
  UnitKey key;
  PushGrid grid;  // empty for a control at a sink token
  int64_t audited = 0;
};

// Every part that the store holds, by key and part.
[[nodiscard]] std::vector<PartToRepeat> parts_to_repeat(const RunStore& run);

// Fills in the job's settings, dataset and plan from what the store says of its run; its examples are the
// run's. `job.data` is given. The job must stay where it is, as its plan points into its dataset. Errors:
// those of read_data and make_plan; kUsage if the run's vectors are in no file.
void plan_again(SweepJob& job, const RunStore& run, const LanguageModel& model, const Watch& watch);

// Receives the units that are measured again, each a part, and says what is there already.
class RepeatObserver {
 public:
  virtual ~RepeatObserver() = default;
  // True if this part need not be measured.
  [[nodiscard]] virtual bool has(const PartToRepeat& part) = 0;
  virtual void put_examples(const std::vector<ExampleRecord>& examples,
                            const std::vector<SkippedSpan>& skipped) = 0;
  virtual void put_unit(const UnitRecord& unit) = 0;
  [[nodiscard]] virtual bool put_failure(const FailedUnit& failed) = 0;
  [[nodiscard]] virtual bool progress(int64_t pushes) = 0;
};

enum class RepeatAudits { kNo, kYes };

// Runs the parts that the observer does not have. Parts whose span the job's plan does not have are left out.
// Errors: those of run_sweep.
void repeat_parts(const SweepJob& job, const std::vector<PartToRepeat>& parts, const SweepModels& models,
                  RepeatAudits audits, RepeatObserver& observer);

}  // namespace tugline
