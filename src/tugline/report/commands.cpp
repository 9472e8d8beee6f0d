#include "tugline/report/commands.h"

#include <map>

#include "tugline/store/field_names.h"
#include "tugline/store/unit_rows.h"

namespace tugline {

std::vector<CommandRow> commands_of(const RunStore& store) {
  std::map<int64_t, CommandRow> commands;
  for (auto& [number, facts] : store.sessions_by_number())
    commands[number] = {.number = number, .facts = facts};
  for (const StoredPart& part : store.stored_parts()) {
    CommandRow& command = commands[part.session];
    command.seconds += part.record.measured.seconds;
    if (part.audit_of) continue;
    ++command.units;
    command.pushes += part.grid.size();
  }
  std::vector<CommandRow> rows;
  for (auto& [number, command] : commands) rows.push_back(std::move(command));
  return rows;
}

std::vector<Cell> cells_of(const CommandRow& command) {
  const auto fact = [&](const char* name) -> Cell {
    const auto found = command.facts.find(name);
    return found == command.facts.end() ? Cell() : Cell(found->second);
  };
  Cell threads;
  if (const auto count = count_in(command.facts, field::kThreads)) threads = *count;
  return {command.number,
          fact(field::kCommand),
          fact(field::kStarted),
          fact(field::kHost),
          fact(field::kVersion),
          fact(field::kCommit),
          fact(field::kMachine),
          fact(field::kCpuLevel),
          threads,
          fact(field::kOneDnnVersion),
          fact(field::kOpenMpVersion),
          fact(field::kSqliteVersion),
          command.units,
          command.pushes,
          command.seconds,
          fact(field::kCommandLine)};
}

}  // namespace tugline
