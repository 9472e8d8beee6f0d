#include "tugline/api/further_pushes.h"

#include <algorithm>
#include <set>

#include "tugline/api/engine.h"
#include "tugline/api/interruption.h"
#include "tugline/api/remeasure.h"
#include "tugline/api/settings.h"
#include "tugline/core/error.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

void check_precision(const RunStore& run, const LanguageModel& model) {
  const std::string wanted = run.identity().fields[field::kPrecision];
  if (model.info().precision != wanted)
    fail_setting(ErrorCode::kConflict, "precision", "the run's is {}, the model's {}; load it with the run's",
                 wanted, model.info().precision);
}

}  // namespace

FurtherPushes::FurtherPushes(const RunStore& run, const LanguageModel& model, const DataSource& data,
                             const std::string& path, const std::string& command_line, const Watch& watch)
    : run_(run), model_(model), watch_(watch) {
  check_precision(run, model);
  job_.data = data;
  job_.facts = {{"model_path", model.info().path}, {field::kCommandLine, command_line}};
  plan_again(job_, run, model, watch);
  job_.path = run.path().string();
  read_digests(job_, watch);
  (void)existing_store(job_, watch);  // the settings, files, examples and places are the run's
  if (path.empty()) folder_.emplace("tugline-pushes-");
  job_.path = path.empty() ? (folder_->path() / "pushes.db").string() : path;
  if (!path.empty()) RunStore::check_path(path);
}

void FurtherPushes::measure(int32_t layer, const std::vector<double>& epsilons) {
  const std::vector<UnitKey> keys = run_.unit_keys();
  const std::set<UnitKey> measured(keys.begin(), keys.end());
  job_.options.layers = {{layer}};
  job_.options.pushes.epsilons = epsilons;
  std::sort(job_.options.pushes.epsilons.begin(), job_.options.pushes.epsilons.end());
  job_.plan = job_.whole;
  for (PlannedExample& planned : job_.plan.examples)
    std::erase_if(planned.spans, [&](const Span& span) {
      return !measured.contains(unit_key(planned, span, LayerIndex{layer}));
    });
  EngineCall call(*model_.engine(), watch_);
  const RunIdentity identity =
      sweep_identity(call.model(), job_.options, job_.whole, direction_source(job_.options.pushes));
  run_.check_identity(identity);
  const char* lost = "the pushes that were made are lost, because no store was named that keeps them";
  say_what_is_kept(!folder_ ? kept_units(job_.path) : lost,
                   [&] { tugline::measure(job_, {call.model()}, watch_); });
}

std::optional<RunStore> FurtherPushes::store() const {
  if (!RunStore::is_there(job_.path)) return std::nullopt;
  return RunStore::open_read_only(job_.path);
}

}  // namespace tugline
