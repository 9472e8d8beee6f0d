// The power is cut, or a call fails, at every moment of writing a run store: it then opens, has each unit
// that was reported as finished and none in part, and the same run goes on to the same store.
//
// Each cut is tried with all that is certain, with all that was written, and with random parts of what was
// not synchronised yet: TUGLINE_SOAK tries many such parts, a run of ctest one.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>

#include "support/made_runs.h"
#include "support/power_cut_vfs.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "tugline/store/merge.h"
#include "tugline/store/run_store.h"

namespace tugline::test {
namespace {

using std::filesystem::path;

constexpr int32_t kUnits = 2;

bool is_soak() { return std::getenv("TUGLINE_SOAK") != nullptr; }

UnitRecord unit_of(int32_t layer) { return made_unit(0, layer, 0.25 * layer); }

// What `tugline sweep` does: measures the units that are missing, in parts, and says what is done.
void sweep(const path& file, const std::function<void(const std::string&)>& report) {
  RunStore store = RunStore::create_or_resume(file, made_identity(), made_provenance());
  store.put_examples({made_example(0)}, {});
  for (int32_t layer = 1; layer <= kUnits; ++layer) {
    if (!store.has_unit(unit_of(layer).key)) store.put_unit(unit_of(layer), {{7, "seven"}});
    report("unit " + std::to_string(layer));
  }
  const UnitRecord more = made_unit(0, 1, 0.25, {1, 3});
  if (store.parts(more.key).size() == 1) store.put_unit(more);
  report("more of unit 1");
}

struct Contents {
  std::vector<ExampleRecord> examples;
  std::map<int32_t, std::string> tokens;
  std::map<UnitKey, std::vector<ResponseRecord>> responses;
  friend bool operator==(const Contents&, const Contents&) = default;
};

Contents contents_of(const path& file) {
  const RunStore store = RunStore::open_read_only(file);
  store.check_everything();
  Contents contents{store.examples(), store.tokens(), {}};
  for (const UnitKey& key : store.unit_keys()) contents.responses[key] = store.responses(key);
  return contents;
}

Contents undisturbed() {
  const TemporaryFolder folder;
  sweep(folder / "run.db", [](const std::string&) {});
  return contents_of(folder / "run.db");
}

bool has_report(const std::vector<std::string>& reports, const std::string& report) {
  return std::ranges::find(reports, report) != reports.end();
}

// Holds the store to what it may hold, given what was reported.
void expect_whole_units(const path& file, const Contents& whole, const std::vector<std::string>& reports) {
  if (!std::filesystem::exists(file)) {
    EXPECT_TRUE(reports.empty()) << "the store is gone";
    return;
  }
  const Contents found = contents_of(file);
  for (int32_t layer = 1; layer <= kUnits; ++layer) {
    const UnitKey key = unit_of(layer).key;
    const bool is_reported = has_report(reports, "unit " + std::to_string(layer));
    if (!found.responses.contains(key)) {
      EXPECT_FALSE(is_reported) << "unit " << layer << " is lost";
      continue;
    }
    const std::vector<ResponseRecord>& responses = found.responses.at(key);
    // The part that comes last, of unit 1, is there or not.
    const bool is_first_part = layer == 1 && responses == unit_of(1).measured.responses;
    EXPECT_TRUE(responses == whole.responses.at(key) || is_first_part) << "unit " << layer;
    const bool needs_both = layer == 1 && has_report(reports, "more of unit 1");
    EXPECT_FALSE(is_first_part && needs_both) << "its second part is lost";
  }
}

void expect_it_goes_on(const path& file, const Contents& whole) {
  sweep(file, [](const std::string&) {});
  EXPECT_TRUE(contents_of(file) == whole);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file.parent_path()), {}), 1) << "files stay";
}

// The events as if the file had been there before them, on the disk.
std::vector<DiskEvent> with_file_before(std::vector<DiskEvent> events, const std::string& name,
                                        const std::string& bytes) {
  using Kind = DiskEvent::Kind;
  const auto event = [&](Kind kind, const std::string& contents) {
    return DiskEvent{.kind = kind, .name = name, .to = {}, .bytes = contents};
  };
  events.insert(events.begin(), {event(Kind::kCreate, ""), event(Kind::kWrite, bytes), event(Kind::kSync, ""),
                                 event(Kind::kSyncFolder, "")});
  return events;
}
constexpr size_t kEventsBefore = 4;

size_t hash_of(const std::map<std::string, std::string>& disk, const std::vector<std::string>& reports) {
  std::string all;
  for (const auto& [name, bytes] : disk) all += name + '\0' + std::to_string(bytes.size()) + '\0' + bytes;
  return std::hash<std::string>()(all + std::to_string(reports.size()));
}

struct Cut {
  Survives survives;
  uint64_t seed;
};

// How each moment is tried.
std::vector<Cut> cuts() {
  std::vector<Cut> all{{Survives::kCertain, 0}, {Survives::kAll, 0}};
  const uint64_t random = is_soak() ? 40 : 1;
  for (uint64_t seed = 1; seed <= random; ++seed) all.push_back({Survives::kSome, seed});
  return all;
}

class PowerCut : public testing::Test {
 protected:
  // Calls `check` with a folder as the disk has it after each cut. The next process is another one.
  static void at_each_cut(const std::vector<DiskEvent>& events, size_t first,
                          const std::function<void(const TemporaryFolder&, size_t count)>& check) {
    std::set<size_t> seen;  // hashes of the disks, with what was reported by then
    for (size_t count = first; count <= events.size(); ++count) {
      for (const Cut& cut : cuts()) {
        SCOPED_TRACE(testing::Message() << "cut after event " << count << " of " << events.size() << ", "
                                        << static_cast<int>(cut.survives) << ", seed " << cut.seed);
        const auto disk = disk_after(events, count, cut.survives, cut.seed + 1000 * count);
        if (!seen.insert(hash_of(disk, reports_in(events, count))).second) continue;
        const TemporaryFolder folder;
        for (const auto& [name, bytes] : disk) std::ofstream(folder / name, std::ios::binary) << bytes;
        ASSERT_NO_THROW(check(folder, count));
        if (HasFatalFailure() || HasNonfatalFailure()) return;
      }
    }
    std::printf("%zu different disks after power cuts at %zu moments\n", seen.size(),
                events.size() + 1 - first);
  }
};

TEST_F(PowerCut, ASweepLosesNothingThatWasReported) {
  const Contents whole = undisturbed();
  const TemporaryFolder folder;
  std::vector<DiskEvent> events;
  {
    PowerCutVfs vfs;
    sweep(folder / "run.db", [&](const std::string& what) { vfs.report(what); });
    events = vfs.events();
  }
  at_each_cut(events, 0, [&](const TemporaryFolder& disk, size_t count) {
    expect_whole_units(disk / "run.db", whole, reports_in(events, count));
    expect_it_goes_on(disk / "run.db", whole);
  });
}

TEST_F(PowerCut, AnAnalysisIsThereOrNot) {
  const TemporaryFolder folder;
  sweep(folder / "run.db", [](const std::string&) {});
  const std::string before = file_text(folder / "run.db");
  const ResultTable table{
      .name = "settings", .columns = {"name", "value"}, .rows = {{"units", "3"}, {"seed", "42"}}};
  std::vector<DiskEvent> events;
  {
    PowerCutVfs vfs;
    RunStore store = RunStore::open_to_annotate(folder / "run.db");
    store.put_analysis({table});
    vfs.report("analysis");
    events = with_file_before(vfs.events(), "run.db", before);
  }
  at_each_cut(events, kEventsBefore, [&](const TemporaryFolder& disk, size_t count) {
    const RunStore store = RunStore::open_read_only(disk / "run.db");
    EXPECT_EQ(store.unit_keys().size(), static_cast<size_t>(kUnits));
    EXPECT_TRUE(store.has_analysis() || reports_in(events, count).empty());
  });
}

TEST_F(PowerCut, AMergedStoreIsThereOrNot) {
  const TemporaryFolder folder;
  const Contents whole = undisturbed();
  sweep(folder / "part.db", [](const std::string&) {});
  std::vector<DiskEvent> events;
  {
    PowerCutVfs vfs;
    (void)merge_stores(folder / "run.db", {folder / "part.db"});
    vfs.report("merged");
    events = vfs.events();
  }
  const std::string part = file_text(folder / "part.db");
  at_each_cut(events, 0, [&](const TemporaryFolder& disk, size_t count) {
    if (std::filesystem::exists(disk / "run.db")) {
      EXPECT_TRUE(contents_of(disk / "run.db") == whole);
      return;
    }
    EXPECT_TRUE(reports_in(events, count).empty());
    std::ofstream(disk / "part.db", std::ios::binary) << part;
    (void)merge_stores(disk / "run.db", {disk / "part.db"});
    EXPECT_TRUE(contents_of(disk / "run.db") == whole);
    EXPECT_EQ(disk.names(), (std::vector<std::string>{"part.db", "run.db"}));
  });
}

// Each call fails once, as a disk's bad moment, or it and all later ones fail, as on a full disk.
TEST_F(PowerCut, ACallThatFailsEndsTheSweepWithAnErrorAndLosesNothing) {
  const Contents whole = undisturbed();
  int64_t calls = 0;
  {
    const TemporaryFolder folder;
    const PowerCutVfs vfs;
    sweep(folder / "run.db", [](const std::string&) {});
    calls = vfs.calls();
  }
  ASSERT_GT(calls, 50);
  for (int64_t call = 1; call <= calls; ++call) {
    for (const int code : {SQLITE_IOERR, SQLITE_FULL}) {
      for (const bool for_good : {false, true}) {
        if (!is_soak() && for_good != (code == SQLITE_FULL)) continue;
        SCOPED_TRACE(testing::Message()
                     << "call " << call << " of " << calls << ", code " << code << for_good);
        const TemporaryFolder folder;
        std::vector<std::string> reports;
        {
          PowerCutVfs vfs;
          vfs.fail_call(call, code, for_good);
          try {
            sweep(folder / "run.db", [&](const std::string& what) { reports.push_back(what); });
            EXPECT_FALSE(for_good) << "no error";
          } catch (const Error& e) {
            EXPECT_EQ(e.code(), ErrorCode::kIo) << e.what();
            EXPECT_TRUE(std::string(e.what()).find("run.db") != std::string::npos) << e.what();
          }
        }
        expect_whole_units(folder / "run.db", whole, reports);
        expect_it_goes_on(folder / "run.db", whole);
        if (HasFailure()) return;
      }
    }
  }
  std::printf("%lld calls failed\n", static_cast<long long>(calls));
}

}  // namespace
}  // namespace tugline::test
