// Runs through the layers on values, and stops at every hook.
#pragma once

#include <functional>

#include "tugline/core/ids.h"
#include "tugline/model/layer.h"
#include "tugline/model/model.h"

namespace tugline {

// Takes h [tokens, hidden], the residual at the hook `entry` of layer `first`, up to the output of layer
// `last` on values, in place, and calls visit(layer, hook) at each point on the way, `entry` included, when h
// is the residual there. `entry` is a point of the residual.
void walk_layers(const Model& model, const LayerContext& context, LayerIndex first, Hook entry,
                 LayerIndex last, const Matrix& h, LayerWorkspace& workspace,
                 const std::function<void(LayerIndex layer, Hook hook)>& visit);

}  // namespace tugline
