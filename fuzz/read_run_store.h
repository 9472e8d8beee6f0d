// Reads a part of a run store. It is there, or refused with an Error.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

#include "attempt.h"
#include "tugline/store/run_store.h"
#include "tugline/store/unit_rows.h"

using ReadPart = void (*)(const tugline::RunStore&);

// What an unchanged store has is read in some 5 ms under AddressSanitizer, a part of it in a tenth of that.
constexpr std::array<ReadPart, 16> kParts{
    [](const tugline::RunStore& store) { store.check_everything(); },
    [](const tugline::RunStore& store) {
      static_cast<void>(store.faults([](int64_t, int64_t) { return true; }));
    },
    [](const tugline::RunStore& store) { static_cast<void>(store.meta()); },
    [](const tugline::RunStore& store) { static_cast<void>(store.sessions_by_number()); },
    [](const tugline::RunStore& store) { static_cast<void>(store.identity()); },
    [](const tugline::RunStore& store) { static_cast<void>(store.shard()); },
    [](const tugline::RunStore& store) { static_cast<void>(store.examples()); },
    [](const tugline::RunStore& store) { static_cast<void>(store.skipped_spans()); },
    [](const tugline::RunStore& store) { static_cast<void>(store.failures()); },
    [](const tugline::RunStore& store) { static_cast<void>(store.span_places()); },
    [](const tugline::RunStore& store) { static_cast<void>(store.units()); },
    [](const tugline::RunStore& store) { static_cast<void>(store.tokens()); },
    [](const tugline::RunStore& store) { static_cast<void>(store.analysis_table("means")); },
    [](const tugline::RunStore& store) {
      for (const tugline::UnitKey& key : store.unit_keys())
        attempt([&] { static_cast<void>(store.parts(key)); });
    },
    [](const tugline::RunStore& store) {
      for (const tugline::UnitKey& key : store.unit_keys())
        attempt([&] { static_cast<void>(store.responses(key)); });
    },
    [](const tugline::RunStore& store) {
      for (const tugline::StoredPart& part : store.stored_parts())
        attempt([&] { static_cast<void>(store.measured(part)); });
    }};

// `part`: its number, of which the remainder counts.
inline void read_run_store(const std::filesystem::path& path, uint8_t part) {
  attempt([&] { kParts[part % kParts.size()](tugline::RunStore::open_read_only(path)); });
}
