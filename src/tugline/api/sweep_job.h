// Runs a sweep from its dataset to its run store. Finds errors before the weights are needed, and then
// measures.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tugline/data/dataset.h"
#include "tugline/files/model_digests.h"
#include "tugline/options.h"
#include "tugline/probe/plan.h"
#include "tugline/probe/sweep.h"
#include "tugline/store/run_store.h"

namespace tugline {

// Loads the dataset, with its warnings. Errors: those of load_dataset.
[[nodiscard]] Dataset load_data(const DataSource& data, const Watch& watch);
// Its name in captions: the file's name without its folder.
[[nodiscard]] std::string name_of(const DataSource& data);
// A hash of everything that decides a dataset's numbers: its bytes and the fields that are read.
[[nodiscard]] uint64_t hash_of(const DataSource& data);

struct SweepJob {
  DataSource data = {};
  std::string path = {};  // of the run store; empty for a dry run without one
  SweepOptions options = {};
  Shard shard = {};
  std::optional<double> node_tolerance = {};  // of SweepSettings; empty: all epsilons are measured
  bool keep_going = false;                    // of SweepSettings
  ModelSource source = {};
  ModelConfig config = {};
  Dataset dataset = {};
  SweepPlan whole = {};                       // of all shards; points into the dataset
  SweepPlan plan = {};                        // of this one
  std::vector<ModelFileDigest> digests = {};  // of the model's files; empty for a dry run
  Provenance facts = {};                      // known to the caller; they win over those that the job knows
  // The text of a token that the run names.
  std::function<std::string(int32_t)> piece_of = {};

  [[nodiscard]] int64_t units(const SweepPlan& of) const {
    return of.spans() * static_cast<int64_t>(options.layers.size());
  }
};

// The units of a plan of the job.
[[nodiscard]] std::set<UnitKey> unit_keys(const SweepJob& job, const SweepPlan& of);

// Loads the dataset and checks the path of the store, before anything about the model is known. Errors: those
// of load_data and RunStore::check_path.
void read_data(SweepJob& job, const Watch& watch);
// Fills in whole and plan from the fields before them. Errors: those of check_plan.
void make_plan(SweepJob& job, const Tokenizer& tokenizer, const Watch& watch);

// "chunk 3"; "anchor".
[[nodiscard]] std::string span_text(const std::string& kind, int64_t chunk);
// One sentence for each example and span that is skipped.
[[nodiscard]] std::vector<std::string> skip_reasons(const SweepPlan& plan);
// Warns of each, of many only of the first.
void warn_of_skips(const SweepPlan& plan, const Watch& watch);
// Warns about the plan: what is skipped, and why a curve will be flat.
void warn_of_plan(const SweepJob& job, const Watch& watch);

// Warns if transcripts begin with the BOS and get another one in front.
void warn_of_two_bos(const Tokenizer& tokenizer, const SweepPlan& plan, const Watch& watch);

// Reads the model's files for their digests. Errors: those of model_digests.
void read_digests(SweepJob& job, const Watch& watch);

// Errors: kNothingToMeasure if no example of the run has a span; warns about each first. Needs no weights.
void refuse_empty(const SweepJob& job, const Watch& watch);

// The store that the sweep would resume. Checks its identity, except for what is known only after loading the
// model, and the digests of the model's files, if they were read.
[[nodiscard]] std::optional<RunStore> existing_store(const SweepJob& job, const Watch& watch);

// The models of a measurement.
struct SweepModels {
  const Model& model;
  const Model* exact = nullptr;  // needed if options.audit is not 0
};
// The facts of a session of the job that writes to a store which holds `stored`.
[[nodiscard]] Provenance provenance(const SweepJob& job, const std::vector<UnitKey>& stored);

// The texts of the tokens that a unit's rows and lists name.
[[nodiscard]] std::map<int32_t, std::string> pieces_of(const SweepJob& job, const UnitMeasurement& measured);

// Measures what the store lacks. `watch.keep_going` also stops a wait for another program's query. Errors:
// those of run_sweep and RunStore.
void measure(const SweepJob& job, const SweepModels& models, const Watch& watch);

}  // namespace tugline
