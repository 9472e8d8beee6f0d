// From the settings that a caller gives (include/tugline/options.h) to the options of the probe: every name is known, every number in range.
#pragma once

#include <string>
#include <vector>

#include "tugline/model/config.h"
#include "tugline/options.h"
#include "tugline/probe/sweep.h"

namespace tugline {

// Each by the name that the command line and the run's identity have. Errors (kUsage): a name that is none, naming the setting and all names.
[[nodiscard]] Hook hook_of(const std::string& name);
[[nodiscard]] BosPolicy bos_of(const std::string& name);
[[nodiscard]] ReadoutChoice readout_of(const std::string& name);
[[nodiscard]] Vocabulary vocabulary_of(const std::string& name);

// Ascending, distinct. Errors (kUsage): a layer that the model does not have.
[[nodiscard]] std::vector<LayerIndex> layers_of(const std::vector<int64_t>& layers, int64_t num_layers);

// Reads direction files. Errors: kUsage naming the setting; kInput for vectors that cannot be directions.
[[nodiscard]] SweepOptions resolve(const PushSettings& settings, const ModelConfig& config);
[[nodiscard]] SweepOptions resolve(const SweepSettings& settings, const ModelConfig& config);

// What directions come from, for a run's identity: the family's name, "residuals" for interpolations, or "file" and a hash of the vectors.
[[nodiscard]] std::string direction_source(const PushOptions& options);

// A sentence for each way in which the files or arrays of directions say that they were made for another model, hook or layer.
[[nodiscard]] std::vector<std::string> contradictions_of(const PushOptions& options, const PushedAt& at);

}  // namespace tugline
