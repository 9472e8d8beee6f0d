#include "tugline/report/distance_curves.h"

#include <map>
#include <string>
#include <utility>

#include "tugline/report/run_view.h"

namespace tugline {

void for_each_distance_curve(const RunStore& store, const std::string& span_kind,
                             const std::function<void(const std::vector<DistancePoint>&)>& visit,
                             const DistanceBuilder& empty) {
  const int64_t d_model = width_of(store);
  const std::vector<UnitRecord> units = store.units();
  std::map<std::pair<std::string, int32_t>, std::vector<const UnitRecord*>> groups;
  for (const UnitRecord& unit : units)
    if (span_kind.empty() || unit.key.span_kind == span_kind)
      groups[{unit.key.span_kind, unit.key.layer}].push_back(&unit);
  for (const auto& [group, members] : groups) {
    DistanceBuilder builder = empty;
    for (const UnitRecord* unit : members) builder.add(*unit, store.responses(unit->key));
    visit(builder.build(d_model));
  }
}

}  // namespace tugline
