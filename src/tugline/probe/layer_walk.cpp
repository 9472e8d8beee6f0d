#include "tugline/probe/layer_walk.h"

namespace tugline {

void walk_layers(const Model& model, const LayerContext& context, LayerIndex first, Hook entry,
                 LayerIndex last, const Matrix& h, LayerWorkspace& workspace,
                 const std::function<void(LayerIndex layer, Hook hook)>& visit) {
  for (LayerIndex layer = first; layer <= last; ++layer.value) {
    const LayerWeights& weights = model.weights().layers[static_cast<size_t>(layer.value)];
    const Hook from = layer == first ? entry : Hook::kResidPre;
    if (from == Hook::kResidPre) {
      visit(layer, Hook::kResidPre);
      run_attention_block(model.backend(), weights, context, h, workspace);
    }
    if (from != Hook::kResidPost) {
      visit(layer, Hook::kResidMid);
      run_mlp_block(model.backend(), weights, context, h, workspace);
    }
    visit(layer, Hook::kResidPost);
  }
}

}  // namespace tugline
