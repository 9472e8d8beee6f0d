#include "tugline/probe/reach.h"

#include <fmt/ranges.h>

#include <string_view>
#include <vector>

#include "tugline/core/error.h"

namespace tugline {

void check_hook(const ModelConfig& config, Hook hook) {
  const LayerProgram program = describe_layer(config);
  if (program.has(hook)) return;
  std::vector<std::string_view> names;
  for (const LayerProgram::Point& point : program.points()) names.push_back(name_of(point.hook));
  fail(ErrorCode::kUsage,
       "{} has no {}: its attention and MLP blocks both read the layer's input, and are added together; it "
       "has {}",
       config.name, name_of(hook), fmt::join(names, " and "));
}

void visit_steps_above(const ModelConfig& config, const LayerProgram& program, Site site,
                       const std::function<void(LayerIndex layer, StepRange steps)>& visit) {
  for (LayerIndex layer = site.layer; layer.value < config.num_layers; ++layer.value) {
    const StepRange steps = layer == site.layer ? program.above(site.hook) : program.all();
    if (!steps.empty()) visit(layer, steps);
  }
}

int64_t attention_layers_above(const ModelConfig& config, Site site) {
  const LayerProgram program = describe_layer(config);
  int64_t count = 0;
  visit_steps_above(config, program, site,
                    [&](LayerIndex, StepRange steps) { count += program.attends(steps) ? 1 : 0; });
  return count;
}

bool out_of_reach(const ModelConfig& config, const ReplayRows& rows, Site site) {
  return rows.first_read > 0 && attention_layers_above(config, site) == 0;
}

ReplayRows replayed_rows(const ModelConfig& config, const ReplayRows& rows, Site site) {
  if (attention_layers_above(config, site) > 0) return rows;
  return {.push = rows.push, .count = 1, .first_read = 0};
}

}  // namespace tugline
