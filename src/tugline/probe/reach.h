// What a push can reach, which follows from the layer's description (model/layer_program): the steps that it
// goes through, and the rows that it can move. Attention is the only step that leads from a row to others.
#pragma once

#include <functional>

#include "tugline/model/config.h"
#include "tugline/model/layer_program.h"
#include "tugline/probe/replay_rows.h"

namespace tugline {

// Errors: kUsage if the model's layers have no such point, or no such head.
void check_point(const ModelConfig& config, SitePoint point);

// Calls visit(layer, steps) for each layer that a push at the site goes through: the steps that it reaches in
// the site's own layer, if there are any, and all steps of every layer above it.
void visit_steps_above(const ModelConfig& config, const LayerProgram& program, Site site,
                       const std::function<void(LayerIndex layer, StepRange steps)>& visit);

// The same for a run on values that starts at the entry of the site (LayerProgram::entry). Other than a push
// it goes through a layer's attention to reach a head's output.
void visit_steps_from_entry(const ModelConfig& config, const LayerProgram& program, Site site,
                            const std::function<void(LayerIndex layer, StepRange steps)>& visit);

// The number of layers whose attention a push goes through.
[[nodiscard]] int64_t attention_layers_above(const ModelConfig& config, Site site);

// True if causality alone makes every response zero: the readout includes no pushed row, and no attention is
// left above.
[[nodiscard]] bool out_of_reach(const ModelConfig& config, const ReplayRows& rows, Site site);

// The rows that pushes at this site compute: the pushed ones alone if no attention is left to move the
// others.
[[nodiscard]] ReplayRows replayed_rows(const ModelConfig& config, const ReplayRows& rows, Site site);

}  // namespace tugline
