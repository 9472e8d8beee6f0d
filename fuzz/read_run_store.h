// Reads every part of a run store. Each is there, or refused with an Error.
#pragma once

#include <filesystem>

#include "attempt.h"
#include "tugline/store/run_store.h"
#include "tugline/store/unit_rows.h"

inline void read_units(const tugline::RunStore& store) {
  for (const tugline::UnitKey& key : store.unit_keys()) {
    attempt([&] { static_cast<void>(store.parts(key)); });
    attempt([&] { static_cast<void>(store.responses(key)); });
  }
  for (const tugline::StoredPart& part : store.stored_parts())
    attempt([&] { static_cast<void>(store.measured(part)); });
}

inline void read_run_store(const std::filesystem::path& path) {
  attempt([&] {
    const auto store = tugline::RunStore::open_read_only(path);
    attempt([&] { store.check_everything(); });
    attempt([&] { static_cast<void>(store.faults([](int64_t, int64_t) { return true; })); });
    attempt([&] { static_cast<void>(store.meta()); });
    attempt([&] { static_cast<void>(store.sessions_by_number()); });
    attempt([&] { static_cast<void>(store.identity()); });
    attempt([&] { static_cast<void>(store.shard()); });
    attempt([&] { static_cast<void>(store.examples()); });
    attempt([&] { static_cast<void>(store.skipped_spans()); });
    attempt([&] { static_cast<void>(store.failures()); });
    attempt([&] { static_cast<void>(store.span_places()); });
    attempt([&] { static_cast<void>(store.units()); });
    attempt([&] { static_cast<void>(store.tokens()); });
    attempt([&] { static_cast<void>(store.analysis_table("means")); });
    attempt([&] { read_units(store); });
  });
}
