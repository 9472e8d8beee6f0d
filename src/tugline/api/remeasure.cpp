#include "tugline/api/remeasure.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "tugline/api/engine.h"
#include "tugline/api/run_settings.h"
#include "tugline/api/settings.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

// More audited pushes than any unit has.
constexpr int64_t kAllAudited = int64_t{1} << 40;

// The sweep of one grid and number of audits: everything else seems to be there.
class OneGrid final : public SweepObserver {
 public:
  OneGrid(const PushGrid& grid, PushGrid whole, std::set<UnitKey> keys, RepeatObserver& observer)
      : whole_(std::move(whole)), keys_(std::move(keys)), observer_(observer) {
    for (const int32_t direction : whole_.directions)
      if (std::ranges::find(grid.directions, direction) == grid.directions.end())
        other_.directions.push_back(direction);
    if (!other_.directions.empty()) other_.epsilons = whole_.epsilons;
  }

  UnitParts parts(const UnitKey& key) override {
    if (!keys_.contains(key)) return {{.grid = whole_, .audited = kAllAudited}};
    if (other_.size() == 0) return {};
    return {{.grid = other_, .audited = kAllAudited}};
  }
  UnitMeasurement measured(const UnitKey&, size_t) override { return {}; }  // no part's audit grows
  void put_examples(const std::vector<ExampleRecord>& examples,
                    const std::vector<SkippedSpan>& skipped) override {
    observer_.put_examples(examples, skipped);
  }
  void put_unit(const UnitRecord& unit) override { observer_.put_unit(unit); }
  void put_audit(const UnitKey&, size_t, const AuditResult&) override {}
  bool put_failure(const FailedUnit& failed) override { return observer_.put_failure(failed); }
  bool progress(int64_t pushes, double) override { return observer_.progress(pushes); }

 private:
  PushGrid whole_;
  PushGrid other_;
  std::set<UnitKey> keys_;
  RepeatObserver& observer_;
};

void keep_examples_of(const RunStore& run, SweepPlan& plan) {
  std::set<int64_t> known;
  for (const ExampleRecord& example : run.examples()) known.insert(example.example);
  std::erase_if(plan.examples,
                [&](const PlannedExample& planned) { return !known.contains(planned.example->index); });
}

}  // namespace

std::vector<PartToRepeat> parts_to_repeat(const RunStore& run) {
  std::vector<PartToRepeat> parts;
  std::map<std::pair<UnitKey, int64_t>, size_t> places;  // of a unit's parts
  for (const StoredPart& row : run.stored_parts()) {
    const UnitKey& key = row.record.key;
    if (row.audit_of) {
      const auto place = places.find({key, *row.audit_of});
      if (place != places.end()) parts[place->second].audited += row.record.audit.pushes;
      continue;
    }
    places[{key, row.part}] = parts.size();
    parts.push_back({.key = key, .grid = row.grid, .audited = row.record.audit.pushes});
  }
  return parts;
}

void plan_again(SweepJob& job, const RunStore& run, const LanguageModel& model, const Watch& watch) {
  job.source = model.engine()->source;
  job.config = model.engine()->model().config();
  job.piece_of = [&model](int32_t token) { return model.piece(token); };
  const Provenance meta = run.meta();
  SweepSettings settings = settings_of_run(run);
  if (const auto rows = count_in(meta, "batch_rows")) settings.push.batch_rows = *rows;
  if (const auto limit = count_in(meta, "memory_limit")) settings.push.memory_limit = *limit;
  std::set<int64_t> layers;
  for (const UnitKey& key : run.unit_keys())
    if (key.layer < job.config.num_layers) layers.insert(key.layer);
  settings.push.layers.assign(layers.begin(), layers.end());
  std::set<double> epsilons{0};
  for (const UnitKey& key : run.unit_keys())
    for (const MeasuredPart& part : run.parts(key))
      epsilons.insert(part.grid.epsilons.begin(), part.grid.epsilons.end());
  settings.push.epsilons.assign(epsilons.begin(), epsilons.end());
  job.options = resolve(settings, job.config);
  job.facts[field::kDirectionFile] = settings.push.direction_file;
  if (job.options.pushes.orthogonal == Orthogonal::kToSubspace)
    job.facts[field::kOrthogonalFile] = settings.push.orthogonal_to;
  read_data(job, watch);
  make_plan(job, model.engine()->tokenizer(watch), watch);
  keep_examples_of(run, job.whole);
  job.plan = job.whole;
}

void repeat_parts(const SweepJob& job, const std::vector<PartToRepeat>& parts, const SweepModels& models,
                  RepeatAudits audits, RepeatObserver& observer) {
  using Group = std::tuple<std::vector<int32_t>, std::vector<double>, int64_t>;
  std::map<Group, std::set<UnitKey>> groups;
  for (const PartToRepeat& part : parts)
    if (!observer.has(part))
      groups[{part.grid.directions, part.grid.epsilons, audits == RepeatAudits::kYes ? part.audited : 0}]
          .insert(part.key);
  for (const auto& [group, keys] : groups) {
    const auto& [directions, epsilons, audited] = group;
    SweepOptions options = job.options;
    if (!epsilons.empty()) options.pushes.epsilons = epsilons;
    options.audit = audited;
    std::set<LayerIndex> layers;
    for (const UnitKey& key : keys) layers.insert(LayerIndex{key.layer});
    options.layers.assign(layers.begin(), layers.end());
    PushGrid whole = whole_grid(options.pushes);
    const PushGrid grid{.directions = epsilons.empty() ? whole.directions : directions, .epsilons = epsilons};
    OneGrid one(grid, std::move(whole), keys, observer);
    run_sweep(models.model, job.plan, options, one, models.exact);
  }
}

}  // namespace tugline
