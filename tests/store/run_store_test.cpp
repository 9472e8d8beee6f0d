#include "tugline/store/run_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>

#include "support/expect_error.h"
#include "support/made_runs.h"
#include "support/temporary_folder.h"
#include "tugline/store/checksums.h"
#include "tugline/store/schema.h"
#include "tugline/store/unit_rows.h"

namespace tugline {
namespace {

UnitRecord without_responses(UnitRecord unit) {
  unit.measured.responses.clear();
  return unit;
}

TEST(RunStore, GivesBackWhatWasPut) {
  const TemporaryFolder folder;
  const UnitRecord unit = made_unit(4, 20, 1.0 / 7);
  {
    RunStore store = RunStore::create_or_resume(folder / "run.db", made_identity(), made_provenance());
    store.put_example(made_example(4));
    store.put_skipped_span(
        {.example = 4, .span_kind = "chunk", .chunk = 9, .reason = "not among the tokens"});
    store.put_unit(unit);
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"run.db"}) << "one file when closed";
  const RunStore store = RunStore::open_read_only(folder / "run.db");
  EXPECT_EQ(store.identity().fields, made_identity().fields);
  EXPECT_EQ(store.meta(), made_provenance());
  EXPECT_EQ(store.examples(), std::vector<ExampleRecord>{made_example(4)});
  EXPECT_EQ(store.skipped_spans().at(0).reason, "not among the tokens");
  EXPECT_EQ(store.units(), std::vector<UnitRecord>{without_responses(unit)});
  EXPECT_EQ(store.responses(unit.key), unit.measured.responses);
  EXPECT_TRUE(store.has_unit(unit.key));
  EXPECT_FALSE(store.has_unit({.example = 4, .span_kind = "anchor", .chunk = 3, .layer = 21}));
}

RC_GTEST_PROP(RunStore, KeepsEveryFiniteDoubleToTheBit, (std::vector<uint64_t> bits)) {
  ResponseRecord response;
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (kMeasures[m].is_always_measured()) response.means[m] = 0.0;
  std::vector<double> kl;
  UnitRecord unit = without_responses(made_unit(0, 0, 1));
  unit.measured.rows.clear();
  unit.measured.row_tokens.clear();
  for (const uint64_t b : bits) {
    const auto value =
        std::bit_cast<double>(b * 0x9e3779b97f4a7c15ULL);  // RapidCheck's own are small numbers
    if (std::isfinite(value)) {
      kl.push_back(value);
      response.means[kKl] = value;
      unit.measured.rows.push_back(static_cast<int64_t>(unit.measured.rows.size()));
      unit.measured.row_tokens.push_back(0);
    }
  }
  response.rows = unmoved_rows(kl.size());
  response.rows[kKl] = kl;
  unit.measured.responses = {response};
  const TemporaryFolder folder;
  RunStore store = RunStore::create_or_resume(folder / "run.db", {}, {});
  store.put_example(made_example(0));
  store.put_unit(unit);
  const ResponseRecord back = store.responses(unit.key).at(0);
  RC_ASSERT(std::bit_cast<uint64_t>(back.kl() + 0.0) == std::bit_cast<uint64_t>(response.kl() + 0.0));
  for (size_t i = 0; i < kl.size(); ++i) {
    RC_ASSERT(std::bit_cast<uint64_t>(back.rows[kKl][i]) == std::bit_cast<uint64_t>(kl[i]));
  }
}

// A transaction for each would wait for the disk: minutes for the 100,000 examples of a large dataset.
TEST(RunStore, ManyExamplesAreWrittenInOneGo) {
  const TemporaryFolder folder;
  std::vector<ExampleRecord> examples;
  std::vector<SkippedSpan> skipped;
  for (int64_t i = 0; i < 20'000; ++i) {
    examples.push_back(made_example(i));
    examples.back().id = "question " + std::to_string(i);
    skipped.push_back({.example = i, .span_kind = "anchor", .chunk = -1, .reason = "no anchor"});
  }
  RunStore store = RunStore::create_or_resume(folder / "run.db", {}, {});
  const auto start = std::chrono::steady_clock::now();
  store.put_examples(examples, skipped);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  store.put_examples(examples, skipped);  // once more changes nothing
  EXPECT_EQ(store.examples(), examples);
  EXPECT_EQ(store.skipped_spans().size(), skipped.size());
  examples[3].content_hash = "another";
  EXPECT_EQ(error_of([&] { store.put_examples(examples, skipped); }).code(), ErrorCode::kConflict);
}

// A list is an i32 and an f32 for each token; what a run does not ask for is NULL.
TEST(RunStore, KeepsWhatIsAskedAboutTokens) {
  const TemporaryFolder folder;
  UnitRecord unit = made_unit(0, 1, 1, {2});
  for (ResponseRecord& response : unit.measured.responses) {
    response.means[measure_named("answer_change")] = -0.25;
    response.rows[measure_named("answer_change")] = {-0.75, 0.25};
    response.rows[measure_named("rose")] = {504, 0.5, -1, 0, 7, 0.125, 9, 0.0625};
    response.rows[measure_named("fell")] = {3, -0.5, 2, -0.25, -1, 0, -1, 0};
  }
  RunStore store = RunStore::create_or_resume(folder / "run.db", {}, {});
  store.put_example(made_example(0));
  const std::map<int32_t, std::string> pieces{{7, ""}, {504, " the"}, {9, "\xe2\x82"}};
  store.put_unit(unit, pieces);
  store.put_unit(made_unit(0, 2, 1), {{7, ""}, {504, " the"}});
  EXPECT_EQ(store.responses(unit.key), unit.measured.responses);
  EXPECT_EQ(store.tokens(), pieces);
  EXPECT_EQ(moved_tokens_of(unit.measured.responses), (std::set<int32_t>{2, 3, 7, 9, 504}));
  store.check_everything();
  SQLite::Database database((folder / "run.db").string(), SQLite::OPEN_READONLY);
  EXPECT_EQ(database
                .execAndGet("SELECT COUNT(*) FROM response_rows WHERE unit = 2 AND measure IN "
                            "('rose', 'fell', 'answer_change', 'kl_standard_error')")
                .getInt(),
            0);
  UnitRecord uneven = made_unit(0, 3, 1);
  uneven.measured.responses[0].rows[measure_named("answer_change")] = {1, 1};
  EXPECT_THROW(store.put_unit(uneven), std::logic_error);  // the other pushes have no such rows
}

TEST(RunStore, RefusesMeasuresThatAreNotOneARow) {
  const TemporaryFolder folder;
  RunStore store = RunStore::create_or_resume(folder / "run.db", {}, {});
  store.put_example(made_example(0));
  UnitRecord unit = made_unit(0, 1, 1);
  unit.measured.responses.back().rows[measure_named("entropy_change")].pop_back();
  EXPECT_THROW(store.put_unit(unit), std::logic_error);
  unit.measured.responses.back().rows[measure_named("entropy_change")].push_back(std::nan(""));
  EXPECT_EQ(error_of([&] { store.put_unit(unit); }).code(), ErrorCode::kInput);
  unit = made_unit(0, 1, 1);
  store.put_unit(unit);
  {
    // By somebody who makes the checksums agree.
    SQLite::Database forged((folder / "run.db").string(), SQLite::OPEN_READWRITE);
    forged.exec("UPDATE response_rows SET deflated = 0, packed = x'00000000' WHERE measure = 'js'");
    note_unit(forged, 1);
  }
  const Error e = error_of([&] { (void)store.responses(unit.key); });
  EXPECT_EQ(e.code(), ErrorCode::kInput);
  EXPECT_NE(std::string(e.what()).find(
                "response_rows of unit 1, measure js (32 bits a number, 4 bytes) does not hold"),
            std::string::npos)
      << e.what();
}

// Two lists of 20,000 numbers are 400 million pushes, for which nobody should make room.
TEST(RunStore, RefusesResponsesThatAreNotItsPushes) {
  const TemporaryFolder folder;
  RunStore store = RunStore::create_or_resume(folder / "run.db", {}, {});
  store.put_example(made_example(0));
  const UnitRecord unit = made_unit(0, 1, 1);
  store.put_unit(unit);
  std::string list = "0";
  for (int i = 1; i < 20'000; ++i) list += "," + std::to_string(i);
  {
    // By somebody who makes the checksums agree.
    SQLite::Database forged((folder / "run.db").string(), SQLite::OPEN_READWRITE);
    SQLite::Statement update(forged, "UPDATE units SET directions = ?, epsilons = ?");
    update.bind(1, list);
    update.bind(2, list);
    update.exec();
    note_unit(forged, 1);
  }
  const Error e = error_of([&] { (void)store.responses(unit.key); });
  EXPECT_EQ(e.code(), ErrorCode::kInput);
  EXPECT_NE(std::string(e.what()).find("unit 1 has 6 responses, expected 400000000"), std::string::npos)
      << e.what();
}

// The parts of a unit are one unit to those who read it, and each keeps its bits and its session.
TEST(RunStore, AUnitGrowsByPushesAndAudits) {
  const TemporaryFolder folder;
  UnitRecord first = made_unit(0, 1, 1.0 / 7);
  UnitRecord more = first;
  for (ResponseRecord& response : more.measured.responses) response.epsilon += 100;
  more.measured.seconds = 3;
  more.audit.pushes = 2;
  more.audit.disagreements[kKl] = 1;
  {
    RunStore store = RunStore::create_or_resume(folder / "run.db", made_identity(), made_provenance());
    store.put_example(made_example(0));
    store.put_unit(first);
  }
  RunStore store = RunStore::create_or_resume(folder / "run.db", made_identity(), made_provenance());
  store.put_unit(more);
  EXPECT_EQ(error_of([&] { store.put_unit(more); }).code(), ErrorCode::kConflict);
  UnitRecord elsewhere = made_unit(0, 1, 1);
  for (ResponseRecord& response : elsewhere.measured.responses) response.epsilon += 200;
  elsewhere.span.end += 1;
  EXPECT_EQ(error_of([&] { store.put_unit(elsewhere); }).code(), ErrorCode::kConflict);
  AuditResult audit{.pushes = 4};
  audit.disagreements[kKl] = 2;
  store.put_audit(first.key, 1, audit);
  store.check_everything();

  ASSERT_EQ(store.unit_keys(), std::vector<UnitKey>{first.key});
  const UnitRecord found = store.units().at(0);
  EXPECT_EQ(found.measured.rows, first.measured.rows);
  EXPECT_EQ(found.measured.seconds, first.measured.seconds + 3);
  EXPECT_EQ(found.audit.pushes, first.audit.pushes + 2 + 4);
  EXPECT_EQ(found.audit.disagreements[kKl], std::max(first.audit.disagreements[kKl], std::optional(2.0)));
  std::vector<ResponseRecord> both = first.measured.responses;
  both.insert(both.end(), more.measured.responses.begin(), more.measured.responses.end());
  std::stable_sort(both.begin(), both.end(), [](const ResponseRecord& a, const ResponseRecord& b) {
    return std::pair(a.direction, a.epsilon) < std::pair(b.direction, b.epsilon);
  });
  EXPECT_EQ(store.responses(first.key), both);
  const UnitParts parts = store.parts(first.key);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].grid, grid_of(first.measured.responses));
  EXPECT_EQ(parts[0].audited, first.audit.pushes);
  EXPECT_EQ(parts[1].audited, 6);
  EXPECT_EQ(store.measured(first.key, 1).responses, more.measured.responses);
  EXPECT_EQ(store.stored_parts().at(1).session, 2);
}

TEST(RunStore, TellsRandomDirectionsFromTheVectorsBesideThem) {
  const TemporaryFolder folder;
  RunStore store = RunStore::create_or_resume(folder / "run.db", {}, {});
  store.put_example(made_example(0));
  UnitRecord unit = made_unit(0, 1, 1);
  unit.measured.responses.back().set = DirectionSet::kNull;
  store.put_unit(unit);
  EXPECT_EQ(store.responses(unit.key), unit.measured.responses);
}

TEST(RunStore, KeepsTheErrorsOfASampledVocabulary) {
  const TemporaryFolder folder;
  RunStore store = RunStore::create_or_resume(folder / "run.db", {}, {});
  store.put_example(made_example(0));
  UnitRecord unit = made_unit(0, 1, 1);
  for (ResponseRecord& response : unit.measured.responses) {
    response.kl_standard_error = response.kl() / 512;
    response.kl_rows_standard_error = {response.kl() / 128, response.kl() / 256};
  }
  store.put_unit(unit);
  EXPECT_EQ(store.responses(unit.key), unit.measured.responses);
  UnitRecord short_of_one = made_unit(0, 2, 1);
  short_of_one.measured.responses.back().kl_standard_error = 0.5;
  short_of_one.measured.responses.back().kl_rows_standard_error = {0.5};
  EXPECT_THROW(store.put_unit(short_of_one), std::logic_error);
  short_of_one.measured.responses.back().kl_rows_standard_error = {0.5, std::nan("")};
  EXPECT_EQ(error_of([&] { store.put_unit(short_of_one); }).code(), ErrorCode::kInput);
}

TEST(RunStore, ReadsSortedWhateverTheOrderOfWriting) {
  const TemporaryFolder folder;
  RunStore store = RunStore::create_or_resume(folder / "run.db", {}, {});
  for (const int64_t example : {2, 0, 1}) {
    store.put_example(made_example(example));
  }
  store.put_unit(made_unit(2, 1, 1));
  store.put_unit(made_unit(0, 10, 1));
  UnitRecord backwards = made_unit(0, 9, 1);
  std::reverse(backwards.measured.responses.begin(), backwards.measured.responses.end());
  store.put_unit(backwards);
  const std::vector<UnitKey> keys = store.unit_keys();
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_EQ(keys.size(), 3U);
  EXPECT_EQ(store.examples().at(1).example, 1);
  EXPECT_EQ(store.responses(backwards.key), made_unit(0, 9, 1).measured.responses);
}

TEST(RunStore, ResumesTheSameRunAndNotesTheSession) {
  const TemporaryFolder folder;
  {
    (void)RunStore::create_or_resume(folder / "run.db", made_identity(),
                                     {{"machine", "one"}, {"started", "monday"}});
  }
  { (void)RunStore::create_or_resume(folder / "run.db", made_identity(), {{"machine", "idle"}}); }
  RunStore store = RunStore::create_or_resume(folder / "run.db", made_identity(), {{"machine", "two"}});
  EXPECT_EQ(store.sessions().size(), 1U) << "a session that wrote nothing leaves no trace";
  store.put_example(made_example(0));
  store.put_example(made_example(0));
  store.put_unit(made_unit(0, 1, 1));
  store.put_unit(made_unit(0, 2, 1));
  EXPECT_EQ(store.sessions(),
            (std::vector<Provenance>{{{"machine", "one"}, {"started", "monday"}}, {{"machine", "two"}}}));
  EXPECT_EQ(store.meta(), (Provenance{{"machine", "two"}, {"started", "monday"}}));
}

TEST(RunStore, RefusesAnotherConfigurationNamingWhatDiffers) {
  const TemporaryFolder folder;
  { (void)RunStore::create_or_resume(folder / "run.db", made_identity(), {}); }
  RunIdentity other = made_identity();
  other.fields[field::kSeed] = "43";
  other.fields[field::kPrecision] = "bf16";
  const Error e = error_of([&] { (void)RunStore::create_or_resume(folder / "run.db", other, {}); });
  EXPECT_EQ(e.code(), ErrorCode::kConflict);
  const std::string message = e.what();
  EXPECT_NE(message.find("seed: the store has \"42\", this run \"43\""), std::string::npos) << message;
  EXPECT_NE(message.find("precision: the store has \"f32\", this run \"bf16\""), std::string::npos)
      << message;
  EXPECT_EQ(message.find("readout"), std::string::npos) << message;
  EXPECT_EQ(folder.names(), std::vector<std::string>{"run.db"});
}

TEST(RunStore, RefusesWhatContradictsItself) {
  const TemporaryFolder folder;
  RunStore store = RunStore::create_or_resume(folder / "run.db", {}, {});
  store.put_example(made_example(0));
  ExampleRecord other = made_example(0);
  other.content_hash = "beef";
  EXPECT_EQ(error_of([&] { store.put_example(other); }).code(), ErrorCode::kConflict);
  store.put_unit(made_unit(0, 1, 1));
  EXPECT_EQ(error_of([&] { store.put_unit(made_unit(0, 1, 1)); }).code(), ErrorCode::kConflict);
  EXPECT_EQ(error_of([&] { (void)store.responses(made_unit(0, 8, 1).key); }).code(), ErrorCode::kNotFound);
}

TEST(RunStore, RefusesANumberThatIsNotFiniteAndKeepsNothingOfTheUnit) {
  const TemporaryFolder folder;
  RunStore store = RunStore::create_or_resume(folder / "run.db", {}, {});
  store.put_example(made_example(0));
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    UnitRecord unit = made_unit(0, 1, 1);
    unit.measured.responses.back().rows[kKl].back() = bad;
    const Error e = error_of([&] { store.put_unit(unit); });
    EXPECT_EQ(e.code(), ErrorCode::kInput);
    EXPECT_NE(std::string(e.what()).find("layer 1, direction 1, epsilon 2"), std::string::npos) << e.what();
  }
  EXPECT_TRUE(store.unit_keys().empty());
}

TEST(RunStore, AFailedUnitLeavesNothingOfItself) {
  const TemporaryFolder folder;
  RunStore store = RunStore::create_or_resume(folder / "run.db", {}, {});
  store.put_example(made_example(0));
  UnitRecord twice = made_unit(0, 1, 1);
  twice.measured.responses.push_back(twice.measured.responses.back());  // the same push again
  EXPECT_THROW(store.put_unit(twice), std::logic_error);
  EXPECT_TRUE(store.unit_keys().empty());
  store.put_unit(made_unit(0, 1, 1));
  EXPECT_EQ(store.sessions().size(), 1U);
}

TEST(RunStore, TheSchemaBearsOurMarks) {
  const TemporaryFolder folder;
  { (void)RunStore::create_or_resume(folder / "run.db", {}, {}); }
  SQLite::Database database((folder / "run.db").string(), SQLite::OPEN_READONLY);
  EXPECT_EQ(database.execAndGet("PRAGMA application_id").getInt(), kApplicationId);
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), kSchemaVersion);
  EXPECT_EQ(database.execAndGet("PRAGMA integrity_check").getString(), "ok");
}

TEST(RunStore, ReadersDoNotWriteAndMayReadWhileAWriterWorks) {
  const TemporaryFolder folder;
  RunStore writer = RunStore::create_or_resume(folder / "run.db", {}, {});
  RunStore reader = RunStore::open_read_only(folder / "run.db");
  writer.put_example(made_example(0));
  writer.put_unit(made_unit(0, 1, 1));
  EXPECT_EQ(reader.unit_keys().size(), 1U);
  const Error e = error_of([&] { reader.put_example(made_example(1)); });
  EXPECT_EQ(e.code(), ErrorCode::kIo);
  EXPECT_NE(std::string(e.what()).find("may not be written"), std::string::npos) << e.what();
}

}  // namespace
}  // namespace tugline
