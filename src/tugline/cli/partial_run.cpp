#include "tugline/cli/partial_run.h"

#include <spdlog/spdlog.h>

#include "tugline/report/part_warnings.h"

namespace tugline {

void warn_of_part(const RunStore& store) {
  for (const std::string& warning : part_warnings(store)) spdlog::warn("{}", warning);
}

}  // namespace tugline
