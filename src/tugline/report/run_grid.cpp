#include "tugline/report/run_grid.h"

namespace tugline {

ResponseGrid read_grid(const RunStore& store, DirectionSet set) {
  ResponseGridBuilder builder;
  for (const UnitRecord& unit : store.units()) {
    std::vector<ResponseRecord> responses = store.responses(unit.key);
    std::erase_if(responses, [set](const ResponseRecord& response) { return response.set != set; });
    builder.add(unit, responses);
  }
  return builder.build();
}

}  // namespace tugline
