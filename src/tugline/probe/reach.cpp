#include "tugline/probe/reach.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "tugline/core/error.h"

namespace tugline {
namespace {

void check_has(const ModelConfig& config, Hook hook) {
  const LayerProgram program = describe_layer(config);
  if (program.has(hook)) return;
  std::vector<std::string_view> names;
  for (const LayerProgram::Point& point : program.points()) names.push_back(name_of(point.hook));
  fail(ErrorCode::kUsage,
       "{} has no {}: its attention and MLP blocks both read the layer's input, and are added together; it "
       "has {}",
       config.name, name_of(hook), fmt::join(names, ", "));
}

// Visits the site's layer, of which `first` are the steps, and all steps of every layer above it.
void visit_from(const ModelConfig& config, const LayerProgram& program, LayerIndex lowest, StepRange first,
                const std::function<void(LayerIndex layer, StepRange steps)>& visit) {
  if (!first.empty()) visit(lowest, first);
  for (LayerIndex layer{lowest.value + 1}; layer.value < config.num_layers; ++layer.value)
    visit(layer, program.all());
}

}  // namespace

void check_point(const ModelConfig& config, SitePoint point) {
  check_has(config, point.hook);
  if (point.hook == Hook::kZ && (point.head < 0 || point.head >= config.num_heads))
    fail(ErrorCode::kUsage, "{} has no head {}: its layers have {} query heads, 0 to {}", config.name,
         point.head, config.num_heads, config.num_heads - 1);
}

void visit_steps_above(const ModelConfig& config, const LayerProgram& program, Site site,
                       const std::function<void(LayerIndex layer, StepRange steps)>& visit) {
  visit_from(config, program, site.layer, program.above(site.point.hook), visit);
}

void visit_steps_from_entry(const ModelConfig& config, const LayerProgram& program, Site site,
                            const std::function<void(LayerIndex layer, StepRange steps)>& visit) {
  visit_from(config, program, site.layer, program.from_entry(site.point.hook), visit);
}

int64_t attention_layers_above(const ModelConfig& config, Site site) {
  const LayerProgram program = describe_layer(config);
  int64_t count = 0;
  visit_steps_above(config, program, site,
                    [&](LayerIndex, StepRange steps) { count += program.attends(steps) ? 1 : 0; });
  return count;
}

bool out_of_reach(const ModelConfig& config, const ReplayRows& rows, Site site) {
  return rows.first_read >= rows.pushed && attention_layers_above(config, site) == 0;
}

ReplayRows replayed_rows(const ModelConfig& config, const ReplayRows& rows, Site site) {
  if (attention_layers_above(config, site) > 0) return rows;
  const int64_t reached = rows.vectors();
  return {.push = rows.push,
          .count = reached,
          .first_read = std::min(rows.first_read, reached - 1),
          .pushed = rows.pushed};
}

}  // namespace tugline
