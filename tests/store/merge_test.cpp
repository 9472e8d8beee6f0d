#include "tugline/store/merge.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "support/expect_error.h"
#include "support/made_runs.h"
#include "support/temporary_folder.h"
#include "tugline/store/schema.h"
#include "tugline/store/unit_rows.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

class Merge : public testing::Test {
 protected:
  // A store of one shard of two, with this unit of each example.
  fs::path make(const std::string& name, const Shard& shard, const std::vector<UnitRecord>& units,
                Provenance provenance = made_provenance()) const {
    provenance[field::kUnitsPlanned] = "4";
    if (!shard.is_whole()) provenance[field::kShardUnits] = "2";
    RunStore store = RunStore::create_or_resume(folder_ / name, made_identity(), provenance, shard);
    for (int64_t example = 0; example < 2; ++example) store.put_example(made_example(example));
    store.put_skipped_span({.example = 1, .span_kind = "chunk", .chunk = 9, .reason = "not there"});
    for (const UnitRecord& unit : units) store.put_unit(unit);
    return folder_ / name;
  }
  fs::path first() const { return make("a.db", {1, 2}, {made_unit(0, 20, 1), made_unit(0, 29, 1)}); }
  fs::path second() const { return make("b.db", {2, 2}, {made_unit(1, 20, 2), made_unit(1, 29, 2)}); }

  void expect_refused(const std::vector<fs::path>& inputs, ErrorCode code, const std::string& words) const {
    const std::vector<std::string> before = folder_.names();
    const Error e = error_of([&] { (void)merge_stores(folder_ / "out.db", inputs); });
    EXPECT_EQ(e.code(), code) << e.what();
    EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what() << "\nshould say: " << words;
    EXPECT_EQ(folder_.names(), before) << "nothing is left behind";
  }
  TemporaryFolder folder_;
};

TEST_F(Merge, HoldsWhatAllInputsHold) {
  const MergeReport report = merge_stores(folder_ / "out.db", {second(), first()});
  EXPECT_EQ(report.units, 4);
  EXPECT_EQ(report.units_planned, 4);
  EXPECT_EQ(report.inputs.at(0).shard, (Shard{2, 2}));
  EXPECT_EQ(report.inputs.at(1).units_planned, 2);
  const RunStore merged = RunStore::open_read_only(folder_ / "out.db");
  EXPECT_EQ(merged.identity().fields, made_identity().fields);
  EXPECT_TRUE(merged.shard().is_whole());
  EXPECT_EQ(merged.examples(), (std::vector<ExampleRecord>{made_example(0), made_example(1)}));
  EXPECT_EQ(merged.skipped_spans().size(), 1U);
  ASSERT_EQ(merged.unit_keys().size(), 4U);
  for (const auto& [example, scale] : std::map<int64_t, double>{{0, 1}, {1, 2}})
    for (const int32_t layer : {20, 29}) {
      const UnitRecord unit = made_unit(example, layer, scale);
      EXPECT_EQ(merged.responses(unit.key), unit.measured.responses);
    }
  EXPECT_EQ(folder_.names(), (std::vector<std::string>{"a.db", "b.db", "out.db"}));
}

TEST_F(Merge, UnitsKeepTheirSessions) {
  const fs::path a =
      make("a.db", {1, 2}, {made_unit(0, 20, 1)}, {{field::kDModel, "576"}, {"machine", "one"}});
  {
    RunStore store = RunStore::create_or_resume(a, made_identity(), {{"machine", "two"}}, {1, 2});
    store.put_unit(made_unit(0, 29, 1));
  }
  fs::copy(a, folder_ / "copy.db");
  const fs::path b =
      make("b.db", {2, 2}, {made_unit(1, 20, 1)}, {{field::kDModel, "576"}, {"machine", "three"}});
  (void)merge_stores(folder_ / "out.db", {a, folder_ / "copy.db", b});
  const RunStore merged = RunStore::open_read_only(folder_ / "out.db");
  const auto sessions = merged.sessions_by_number();
  ASSERT_EQ(merged.sessions().size(), 3U) << "a copy's sessions are the original's";
  ASSERT_EQ(sessions.size(), 4U);
  EXPECT_EQ(sessions.at(4).at(field::kCommand), kMergeCommand);
  std::map<UnitKey, std::string> machines;
  for (const StoredPart& part : merged.stored_parts())
    machines[part.record.key] = sessions.at(part.session).at("machine");
  EXPECT_EQ(machines, (std::map<UnitKey, std::string>{{made_unit(0, 20, 1).key, "one"},
                                                      {made_unit(0, 29, 1).key, "two"},
                                                      {made_unit(1, 20, 1).key, "three"}}));
}

TEST_F(Merge, AUnitMayBeThereTwiceButNotTwoWays) {
  const fs::path a = first();
  UnitRecord slower = made_unit(0, 20, 1);
  slower.measured.seconds *= 3;
  const MergeReport report = merge_stores(folder_ / "same.db", {a, make("again.db", {}, {slower})});
  EXPECT_EQ(report.units, 2);
  EXPECT_EQ(report.inputs.at(1).repeated, 1);

  UnitRecord other = made_unit(0, 29, 1);
  other.measured.responses.back().rows[kKl].back() *= 1 + 1e-15;
  expect_refused({a, make("other.db", {}, {other})}, ErrorCode::kConflict,
                 "both hold example 0, anchor, chunk 3, layer 29, with other numbers");
  UnitRecord elsewhere = made_unit(0, 29, 1);
  elsewhere.measured.rms *= 2;
  expect_refused({a, make("elsewhere.db", {}, {elsewhere})}, ErrorCode::kConflict, "with other numbers");
}

TEST_F(Merge, AnExampleMustBeTheSame) {
  const fs::path a = first();
  {
    RunStore store = RunStore::create_or_resume(folder_ / "b.db", made_identity(), made_provenance());
    ExampleRecord longer = made_example(1);
    longer.tokens += 1;
    store.put_example(longer);
  }
  expect_refused({a, folder_ / "b.db"}, ErrorCode::kConflict, "example 1 has number of tokens \"101\"");
}

TEST_F(Merge, RefusesWhatIsNoPartOfTheRun) {
  const fs::path a = first();
  RunIdentity other = made_identity();
  other.fields[field::kSeed] = "43";
  { (void)RunStore::create_or_resume(folder_ / "seed.db", other, made_provenance()); }
  expect_refused({a, folder_ / "seed.db"}, ErrorCode::kConflict,
                 "seed: " + a.string() + " has \"42\", " + (folder_ / "seed.db").string() + " \"43\"");
  std::ofstream(folder_ / "notes.txt") << "mine, and long enough to be looked at by whoever reads headers";
  expect_refused({a, folder_ / "notes.txt"}, ErrorCode::kInput, "notes.txt");
  {
    SQLite::Database(folder_ / "theirs.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
        .exec("CREATE TABLE t (x)");
  }
  expect_refused({folder_ / "theirs.db", a}, ErrorCode::kInput, "another program");
  fs::copy(a, folder_ / "old.db");
  { SQLite::Database(folder_ / "old.db", SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 3"); }
  expect_refused({a, folder_ / "old.db"}, ErrorCode::kUnsupported, "schema 3");
  expect_refused({a, folder_ / "none.db"}, ErrorCode::kNotFound, "none.db");
  expect_refused({a, a}, ErrorCode::kUsage, "given twice");
}

TEST_F(Merge, MakesANewStoreOnly) {
  const fs::path a = first();
  const Error e = error_of([&] { (void)merge_stores(second(), {a}); });
  EXPECT_EQ(e.code(), ErrorCode::kConflict);
  EXPECT_NE(std::string(e.what()).find("b.db: is there already"), std::string::npos) << e.what();
  EXPECT_EQ(RunStore::open_read_only(folder_ / "b.db").unit_keys().at(0).example, 1) << "it is untouched";
  EXPECT_EQ(error_of([&] { (void)merge_stores(folder_ / "none/out.db", {a}); }).code(), ErrorCode::kIo);
}

TEST_F(Merge, LeavesAnalysesOut) {
  const fs::path a = first();
  RunStore::open_to_annotate(a).put_analysis({{.name = "settings", .columns = {"name"}, .rows = {}}});
  EXPECT_TRUE(merge_stores(folder_ / "out.db", {a, second()}).inputs.at(0).has_analysis);
  EXPECT_FALSE(RunStore::open_read_only(folder_ / "out.db").has_analysis());
}

TEST_F(Merge, AStoreIsOfOneShardOrOfTheWholeRun) {
  const fs::path a = first();
  EXPECT_EQ(RunStore::open_read_only(a).shard(), (Shard{1, 2}));
  // Looking is not growing: a store remains a shard until something else is written to it.
  for (const Shard shard : {Shard{1, 2}, Shard{2, 2}, Shard{1, 3}, Shard{}}) {
    EXPECT_EQ(RunStore::create_or_resume(a, made_identity(), {}, shard).shard(), (Shard{1, 2}));
  }
  (void)merge_stores(folder_ / "out.db", {a});
  EXPECT_TRUE(RunStore::open_read_only(folder_ / "out.db").shard().is_whole());
  EXPECT_TRUE(RunStore::create_or_resume(folder_ / "out.db", made_identity(), {}, {1, 2}).shard().is_whole());
}

}  // namespace
}  // namespace tugline
