// A model that the hub's tools or fetch_model have put into a cache. Fetches nothing.
#pragma once

#include <filesystem>

#include "tugline/files/hub/hub_model.h"
#include "tugline/files/model_source.h"

namespace tugline {

// The snapshot of the model's revision. Throws Error: kNotFound saying what the cache has and how to fetch
// the model; kInput for a snapshot that holds nothing of a model.
[[nodiscard]] ModelSource cached_model(const HubModel& model, const std::filesystem::path& cache);

}  // namespace tugline
