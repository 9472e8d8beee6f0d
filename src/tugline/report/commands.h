// The commands that a run store grew by, with what each of them measured: the table "commands".
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tugline/store/records.h"
#include "tugline/store/result_table.h"
#include "tugline/store/run_store.h"

namespace tugline {

struct CommandRow {
  int64_t number = 0;  // of its session in the store
  Provenance facts;
  int64_t units = 0;   // that it measured, whole or a part of
  int64_t pushes = 0;  // likewise
  double seconds = 0;  // that these units took
};

// In the order of writing. Reads every unit without its responses.
[[nodiscard]] std::vector<CommandRow> commands_of(const RunStore& store);

inline constexpr std::array<std::string_view, 16> kCommandColumns = {
    "number",  "command",   "started", "host",           "tugline_version", "tugline_commit",
    "machine", "cpu_level", "threads", "onednn_version", "openmp_version",  "sqlite_version",
    "units",   "pushes",    "seconds", "command_line"};

// A fact that the store lacks is an unknown cell.
[[nodiscard]] std::vector<Cell> cells_of(const CommandRow& command);

}  // namespace tugline
