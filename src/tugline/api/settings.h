// Turns a caller's settings (include/tugline/options.h) into the options of the probe, and checks every name
// and range.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/model/config.h"
#include "tugline/options.h"
#include "tugline/probe/sweep.h"

namespace tugline {

// Each has the name of the command line and the run's identity. Errors (kUsage): an unknown name; the message
// has the setting and all names.
[[nodiscard]] PushAt push_at_of(const std::string& name);
[[nodiscard]] BosPolicy bos_of(const std::string& name);
[[nodiscard]] ReadoutChoice readout_of(const std::string& name);
[[nodiscard]] Vocabulary vocabulary_of(const std::string& name);

// `head` is given if the hook is z, and only then. Errors (kUsage): an unknown name; a point or a head that
// the model does not have.
[[nodiscard]] SitePoint point_of(const std::string& hook, const std::optional<int64_t>& head,
                                 const ModelConfig& config);

// Ascending, distinct. Errors (kUsage): a layer that the model does not have.
[[nodiscard]] std::vector<LayerIndex> layers_of(const std::vector<int64_t>& layers, int64_t num_layers);

// Reads direction files. Errors: kUsage, which names the setting; kInput for vectors that cannot be
// directions.
[[nodiscard]] SweepOptions resolve(const PushSettings& settings, const ModelConfig& config);
[[nodiscard]] SweepOptions resolve(const SweepSettings& settings, const ModelConfig& config);

// The source of directions, for a run's identity: the family's name, "residuals" for interpolations, or
// "file" and a hash of the vectors.
[[nodiscard]] std::string direction_source(const PushOptions& options);

// One sentence for each of model, hook and layer in which the origin of the directions' files or arrays
// differs.
[[nodiscard]] std::vector<std::string> contradictions_of(const PushOptions& options, const PushedAt& at);

}  // namespace tugline
