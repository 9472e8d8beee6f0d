// Long runs and many parts: writing a unit takes as long and as much memory after many units as in the
// beginning, and a run of a thousand shards merges in under a minute. A run of ctest tries a part of it,
// TUGLINE_SOAK all.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>

#include "support/made_runs.h"
#include "support/resident_bytes.h"
#include "support/temporary_folder.h"
#include "tugline/store/merge.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

using Clock = std::chrono::steady_clock;

bool is_soak() { return std::getenv("TUGLINE_SOAK") != nullptr; }
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

UnitRecord unit_number(int64_t number) {
  UnitRecord unit = made_unit(number / 80, static_cast<int32_t>(number % 4), 0.5, {0, 0.5, 1, 1.5, 2});
  unit.key.chunk = number / 4 % 20;
  return unit;
}

// A day's run writes about as many units as this, if each takes a second.
TEST(Endurance, UnitsAreWrittenWithTheSameMemoryAndTimeToTheEnd) {
  const int64_t units = is_soak() ? 100'000 : 500;
  const TemporaryFolder folder;
  RunStore store = RunStore::create_or_resume(folder / "run.db", made_identity(), made_provenance());
  int64_t resident_after_half = 0;
  double first_tenth = 0;
  Clock::time_point start = Clock::now();
  for (int64_t number = 0; number < units; ++number) {
    if (number == units / 10) first_tenth = seconds_since(start);
    if (number == units - units / 10) start = Clock::now();
    if (number == units / 2) resident_after_half = test::resident_bytes();
    if (number % 80 == 0) store.put_example(made_example(number / 80));
    store.put_unit(unit_number(number));
  }
  const double last_tenth = seconds_since(start);
  const int64_t grown = test::resident_bytes() - resident_after_half;
  std::printf(
      "%lld units: %.2f ms a unit at the beginning, %.2f ms at the end; %lld bytes grown over the second "
      "half\n",
      static_cast<long long>(units), 1e4 * first_tenth / static_cast<double>(units),
      1e4 * last_tenth / static_cast<double>(units), static_cast<long long>(grown));
  // SQLite keeps up to 2 MB of pages, and the allocator some free memory: room for them, and for nothing that
  // grows with the number of units.
#ifndef TUGLINE_SANITIZED  // a sanitizer keeps freed memory for a while
  EXPECT_LT(grown, int64_t{4} << 20);
#endif
  // Trees grow deeper by a level at most, and another program may use the disk meanwhile.
  EXPECT_LT(last_tenth, 4 * first_tenth + 0.5);
}

TEST(Endurance, AThousandShardsMergeInUnderAMinute) {
  const int64_t shards = is_soak() ? 1'000 : 40;
  constexpr int64_t kUnitsOfShard = 4;
  const TemporaryFolder folder;
  std::vector<std::filesystem::path> paths;
  for (int64_t shard = 0; shard < shards; ++shard) {
    paths.push_back(folder / ("part" + std::to_string(shard) + ".db"));
    RunStore store = RunStore::create_or_resume(paths.back(), made_identity(), made_provenance(),
                                                {.number = shard + 1, .count = shards});
    std::vector<ExampleRecord> examples;
    for (int64_t example = 0; example <= shards * kUnitsOfShard / 80; ++example)
      examples.push_back(made_example(example));
    store.put_examples(examples, {});
    for (int64_t i = 0; i < kUnitsOfShard; ++i) store.put_unit(unit_number(shard * kUnitsOfShard + i));
  }
  // Fewer files than shards may be open.
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{35, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  const Clock::time_point start = Clock::now();
  const MergeReport report = merge_stores(folder / "run.db", paths);
  ::setrlimit(RLIMIT_NOFILE, &before);
  const double seconds = seconds_since(start);
  std::printf("%lld shards merged in %.1f s\n", static_cast<long long>(shards), seconds);
  EXPECT_EQ(report.units, shards * kUnitsOfShard);
  EXPECT_LT(seconds, 60);
  const RunStore merged = RunStore::open_read_only(folder / "run.db");
  EXPECT_EQ(merged.unit_keys().size(), static_cast<size_t>(shards * kUnitsOfShard));
}

}  // namespace
}  // namespace tugline
