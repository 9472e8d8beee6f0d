// Downloads a model by its name on the hub into the hub's cache: configuration, tokenizer, index and
// safetensors, and nothing else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "tugline/files/hub/hub_cache.h"
#include "tugline/files/hub/hub_model.h"
#include "tugline/files/hub/hub_settings.h"
#include "tugline/files/model_source.h"

namespace tugline {

struct FetchProgress {
  int64_t bytes_total = 0;     // of the files that are known to be needed so far
  int64_t bytes_kept = 0;      // of them, that were here before
  int64_t bytes_received = 0;  // from the network
};

struct FetchOptions {
  ModelParts parts = ModelParts::kAll;
  // Called from several threads, one at a time; each may be empty.
  std::function<void(const FetchProgress&)> on_progress = {};
  std::function<void(const std::string&)> on_message =
      {};  // a pause, another process, what could not be checked
  // Called by all threads; false stops everything soon, with what was received kept.
  std::function<bool()> keep_going = {};
};

// Asks the hub for the revision's newest commit, downloads what the cache lacks, and returns the snapshot's
// folder. Throws Error: kUsage if the environment forbids the network or is wrong; kNotFound for a model,
// revision or file that the hub does not have or give; kUnsupported for a repository without safetensors;
// kInput if what comes is not what the hub says; kIo if network or disk fail; kInterrupted. Each message says
// what to do.
[[nodiscard]] std::filesystem::path fetch_model(const HubModel& model, const FetchOptions& options,
                                                const HubSettings& settings = hub_settings());

// What resolve_model finds; if `argument` is a name on the hub and the cache lacks something of it, that is
// downloaded first, unless settings.offline forbids it. A model that the cache has is taken without asking
// the hub. Throws Error as both do.
[[nodiscard]] ModelSource obtain_model(const std::string& argument, const FetchOptions& options,
                                       const HubSettings& settings = hub_settings());

}  // namespace tugline
