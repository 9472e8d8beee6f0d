// A run store of arbitrary bytes: an Error, or a run whose every part can be read.
#include "attempt.h"
#include "scratch_file.h"
#include "tugline/store/run_store.h"
#include "tugline/store/unit_rows.h"

namespace {

void read_units(const tugline::RunStore& store) {
  for (const tugline::UnitKey& key : store.unit_keys()) {
    attempt([&] { static_cast<void>(store.parts(key)); });
    attempt([&] { static_cast<void>(store.responses(key)); });
  }
  for (const tugline::StoredPart& part : store.stored_parts())
    attempt([&] { static_cast<void>(store.measured(part)); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static ScratchFile file("run.db");
  attempt([&] {
    const auto store = tugline::RunStore::open_read_only(file.holding(data, size));
    attempt([&] { store.check_everything(); });
    attempt([&] { static_cast<void>(store.meta()); });
    attempt([&] { static_cast<void>(store.identity()); });
    attempt([&] { static_cast<void>(store.shard()); });
    attempt([&] { static_cast<void>(store.examples()); });
    attempt([&] { static_cast<void>(store.skipped_spans()); });
    attempt([&] { static_cast<void>(store.units()); });
    attempt([&] { static_cast<void>(store.tokens()); });
    attempt([&] { static_cast<void>(store.analysis_table("means")); });
    attempt([&] { read_units(store); });
  });
  return 0;
}
