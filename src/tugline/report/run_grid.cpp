#include "tugline/report/run_grid.h"

namespace tugline {

ResponseGrid read_grid(const RunStore& store) {
  ResponseGridBuilder builder;
  for (const UnitRecord& unit : store.units()) builder.add(unit, store.responses(unit.key));
  return builder.build();
}

}  // namespace tugline
