#include "tugline/shards.h"

#include "tugline/api/engine.h"
#include "tugline/api/launched_shard.h"
#include "tugline/api/merge_report.h"
#include "tugline/api/planned_sweep.h"
#include "tugline/api/session_facts.h"
#include "tugline/api/warn.h"
#include "tugline/backend/product_speed.h"
#include "tugline/store/field_names.h"
#include "tugline/store/merge.h"

namespace tugline {

SweepForecast forecast(const LanguageModel& model, const DataSource& data, const std::filesystem::path& path,
                       const SweepSettings& settings, const Watch& watch) {
  EngineCall call(*model.engine(), watch);
  const auto job = planned_sweep(model, data, path, settings, watch);
  const std::optional<RunStore> store = existing_store(*job, watch);
  refuse_empty(*job, watch);
  const SweepCost cost = cost_of(job->config, job->plan, job->options,
                                 [&](const UnitKey& key) { return store ? store->parts(key) : UnitParts{}; });
  SweepForecast found{
      .spans = job->whole.spans(), .units = job->units(job->whole), .units_left = cost.units_left};
  if (cost.flops() > 0) found.seconds = expected_seconds(cost, measure_product_speed(call.model().backend()));
  return found;
}

Run merge(const std::filesystem::path& out, const std::vector<std::filesystem::path>& stores,
          const Watch& watch) {
  Provenance facts = session_facts();
  facts[field::kCommandLine] = "merge() of the library";
  for (const std::string& sentence : missing_of(merge_stores(out, stores, facts))) warn(watch, sentence);
  return Run::open(out);
}

RunPart launched_part() {
  const Shard shard = launched_shard(environment_variable);
  return {.shard = shard.number, .shards = shard.count};
}

std::filesystem::path path_of_part(const std::filesystem::path& path, const RunPart& part) {
  return path_of_shard(path.string(), {.number = part.shard, .count = part.shards});
}

}  // namespace tugline
