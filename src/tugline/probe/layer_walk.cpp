#include "tugline/probe/layer_walk.h"

namespace tugline {

void walk_layers(const Model& model, const LayerContext& context, LayerIndex first, Hook entry,
                 LayerIndex last, const Matrix& h, LayerWorkspace& workspace,
                 const std::function<void(LayerIndex layer, Hook hook)>& visit) {
  for (LayerIndex layer = first; layer <= last; ++layer.value) {
    StepRange steps = layer == first ? model.program().from_entry(entry) : model.program().all();
    for (const LayerProgram::Point& point : model.program().points()) {
      if (point.step < steps.begin) continue;
      run_steps(model.layer(layer), {steps.begin, point.step}, context, h, workspace);
      steps.begin = point.step;
      visit(layer, point.hook);
    }
  }
}

}  // namespace tugline
