// Divides a sweep into shards, which run as jobs of their own, and joins their stores into one run
// (docs/clusters.md).
//
//   const tugline::SweepForecast cost = tugline::forecast(model, data, "", settings);
//   tugline::sweep(model, data, "1.db", {.shard = 1, .shards = 2});
//   tugline::sweep(model, data, "2.db", {.shard = 2, .shards = 2});
//   tugline::merge("run.db", {"1.db", "2.db"});
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tugline/error.h"
#include "tugline/language_model.h"
#include "tugline/options.h"
#include "tugline/run.h"

namespace tugline {

// What a sweep costs, without what the store holds already.
struct SweepForecast {
  int64_t spans = 0;  // of the whole run; more shards than spans leave some of them empty
  int64_t units = 0;  // of the whole run: spans x layers
  int64_t units_left = 0;
  // At the speed of this machine's matrix products, with the model's threads: a lower bound. Without the
  // time to load the model. 0 if nothing is left.
  double seconds = 0;
};

// Plans the sweep, or the shard of it that the settings name, and measures nothing; if something is left to
// measure, it times a matrix product for about two seconds. `path` is the run store that would be resumed; it
// may be empty or absent. Errors: those of sweep that are known before it begins.
[[nodiscard]] TUGLINE_API SweepForecast forecast(const LanguageModel& model, const DataSource& data,
                                                 const std::filesystem::path& path,
                                                 const SweepSettings& settings = {}, const Watch& watch = {});

// Makes the store `out` of stores of one identity, whole or not at all, as `tugline merge` does. Warns of
// what the run lacks. Errors: kConflict if `out` is there, the identities differ, or two stores disagree
// about an example or a unit; kUsage if no store or one store twice is given; those of Run::open.
TUGLINE_API Run merge(const std::filesystem::path& out, const std::vector<std::filesystem::path>& stores,
                      const Watch& watch = {});

// Part `shard`, from 1, of `shards`.
struct RunPart {
  int64_t shard = 1;
  int64_t shards = 1;
};

// The part of this process among those that mpirun, srun or a Slurm array started, by its environment. Errors
// (kUsage): no launcher says it, or two disagree.
[[nodiscard]] TUGLINE_API RunPart launched_part();

// The path with "03-of-16" in place of "{shard}" in the file's name. Errors (kUsage): a folder's name has
// "{shard}".
[[nodiscard]] TUGLINE_API std::filesystem::path path_of_part(const std::filesystem::path& path,
                                                             const RunPart& part);

}  // namespace tugline
