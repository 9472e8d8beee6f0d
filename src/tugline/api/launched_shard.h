// Which shard a process measures that a launcher started with others: an MPI launcher, srun, or Slurm for the
// tasks of an array job. The launcher says it in environment variables.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tugline/store/records.h"

namespace tugline {

// The value of an environment variable; no value if it is not set.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] std::optional<std::string> environment_variable(const std::string& name);

// The shard of this process: rank + 1 of the number of ranks, or the place of this task in its array. Errors
// (kUsage, about the setting "shard"): no launcher says it; two launchers disagree; an array has gaps or one
// task, so that a task's place in the run is not known; a variable that is no number, or lacks its other
// half.
[[nodiscard]] Shard launched_shard(const Variables& variables);

// The path with "03-of-16" in place of each "{shard}" in its last part. Errors (kUsage, about the setting
// "output"): the folder has "{shard}".
[[nodiscard]] std::string path_of_shard(const std::string& path, const Shard& shard);
[[nodiscard]] bool has_place_for_shard(const std::string& path);

}  // namespace tugline
