// The doses of a run as a table for programs and as text for people. Column names and their order are a
// contract (docs/formats.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/stats/doses.h"
#include "tugline/store/result_table.h"

namespace tugline {

struct DoseReport {
  double target = 0;           // nats
  std::string statistic = {};  // of a push's rows
  // Components of what is pushed; no value if epsilon is a fraction (interpolations).
  std::optional<int64_t> width = {};
  std::vector<DoseRow> doses = {};
  bool tangents = false;  // whether they were asked for
  std::vector<RankRow> ranks = {};
  std::string no_ranks = {};  // why there are none, if tangents were asked for
};

// The tables: "doses", and with tangents "effective_ranks".
[[nodiscard]] std::vector<ResultTable> dose_tables(const DoseReport& report);
[[nodiscard]] std::string dose_text(const DoseReport& report);

}  // namespace tugline
