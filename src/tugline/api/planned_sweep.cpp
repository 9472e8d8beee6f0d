#include "tugline/api/planned_sweep.h"

#include "tugline/api/engine.h"
#include "tugline/api/settings.h"
#include "tugline/api/sweep_nodes.h"
#include "tugline/core/error.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

// In place of a command line. What it asked for is in other facts.
constexpr const char* kLibraryCall = "sweep() of the library";

}  // namespace

std::unique_ptr<SweepJob> planned_sweep(const LanguageModel& model, const DataSource& data,
                                        const std::filesystem::path& path, const SweepSettings& settings,
                                        const Watch& watch) {
  if (settings.shards < 1 || settings.shard < 1 || settings.shard > settings.shards)
    refuse("shard", "{} of {} is not one from 1 to the number of shards", settings.shard, settings.shards);
  const ModelConfig& config = model.engine()->model().config();
  auto job = std::make_unique<SweepJob>();
  job->data = data;
  job->path = path.string();
  job->options = resolve(settings, config);
  job->shard = {.number = settings.shard, .count = settings.shards};
  job->node_tolerance = settings.node_tolerance;
  job->keep_going = settings.keep_going;
  job->source = model.engine()->source;
  job->config = config;
  job->facts = {{"model_path", model.info().path}, {field::kCommandLine, kLibraryCall}};
  check_nodes(*job);
  read_data(*job, watch);
  make_plan(*job, model.engine()->tokenizer(watch), watch);
  job->piece_of = [model](int32_t token) { return model.piece(token); };
  return job;
}

}  // namespace tugline
