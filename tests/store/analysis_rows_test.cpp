#include "tugline/store/analysis_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "support/expect_error.h"
#include "support/made_runs.h"
#include "support/temporary_folder.h"
#include "tugline/store/schema.h"

namespace tugline {
namespace {

const ResultTable kTable{
    .name = "means",
    .columns = {"name", "order", "value"},
    .rows = {{"a", int64_t{7}, 1.0 / 3}, {Cell(), int64_t{-1}, 8.0}, {"", Cell(), Cell()}}};

TEST(AnalysisRows, AnAnalysisComesBackAsItWasPut) {
  const TemporaryFolder folder;
  make_small_run(folder / "run.db");
  {
    RunStore store = RunStore::open_to_annotate(folder / "run.db");
    EXPECT_FALSE(store.analysis_table("means"));
    store.put_analysis({kTable, {.name = "shapes", .columns = {"nothing"}}});
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"run.db"});
  const RunStore store = RunStore::open_read_only(folder / "run.db");
  EXPECT_EQ(store.analysis_table("means"), kTable);
  EXPECT_EQ(store.analysis_table("shapes").value().rows.size(), 0U);
  EXPECT_FALSE(store.analysis_table("variance"));
}

TEST(AnalysisRows, ALaterAnalysisReplacesTheEarlierOneAsAWhole) {
  const TemporaryFolder folder;
  make_small_run(folder / "run.db");
  RunStore store = RunStore::open_to_annotate(folder / "run.db");
  store.put_analysis({kTable, {.name = "shapes", .columns = {"nothing"}}});
  store.put_analysis({{.name = "means", .columns = {"other"}, .rows = {{int64_t{1}}}}});
  EXPECT_EQ(store.analysis_table("means").value().columns, std::vector<std::string>{"other"});
  EXPECT_FALSE(store.analysis_table("shapes"));
  // One that fails leaves the earlier one.
  const ResultTable ragged{.name = "shapes", .columns = {"a", "b"}, .rows = {{int64_t{1}}}};
  EXPECT_THROW(store.put_analysis({kTable, ragged}), std::logic_error);
  EXPECT_EQ(store.analysis_table("means").value().columns, std::vector<std::string>{"other"});
  EXPECT_FALSE(store.analysis_table("shapes"));
}

TEST(AnalysisRows, TheRunStaysTheRunThatItWas) {
  const TemporaryFolder folder;
  make_small_run(folder / "run.db");
  { RunStore::open_to_annotate(folder / "run.db").put_analysis({kTable}); }
  const RunStore store =
      RunStore::create_or_resume(folder / "run.db", made_identity(), {{"machine", "other"}});
  EXPECT_EQ(store.sessions().size(), 1U) << "an analysis is no session";
  EXPECT_EQ(store.unit_keys().size(), 4U);
  SQLite::Database database((folder / "run.db").string(), SQLite::OPEN_READONLY);
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), kSchemaVersion);
}

TEST(AnalysisRows, WhatIsNotFiniteIsNotKnown) {
  const TemporaryFolder folder;
  make_small_run(folder / "run.db");
  RunStore store = RunStore::open_to_annotate(folder / "run.db");
  store.put_analysis({{.name = "means", .columns = {"v"}, .rows = {{std::nan("")}, {HUGE_VAL}}}});
  EXPECT_EQ(store.analysis_table("means").value().rows, (std::vector<std::vector<Cell>>{{Cell()}, {Cell()}}));
}

TEST(AnalysisRows, OneWriterAndOnlyARunStore) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { (void)RunStore::open_to_annotate(folder / "none.db"); }).code(),
            ErrorCode::kNotFound);
  EXPECT_TRUE(folder.names().empty()) << "no lock beside what is no store";
  make_small_run(folder / "run.db");
  const RunStore writer = RunStore::open_to_annotate(folder / "run.db");
  EXPECT_EQ(error_of([&] { (void)RunStore::open_to_annotate(folder / "run.db"); }).code(), ErrorCode::kIo);
}

TEST(AnalysisRows, AMetricThatIsNamedAsAColumnIsRefusedByName) {
  const TemporaryFolder folder;
  make_small_run(folder / "run.db");
  RunStore store = RunStore::open_to_annotate(folder / "run.db");
  const Error e = error_of([&] { store.put_analysis({{.name = "spans", .columns = {"kl", "KL"}}}); });
  EXPECT_EQ(e.code(), ErrorCode::kInput);
  EXPECT_NE(std::string(e.what()).find("two columns \"KL\""), std::string::npos) << e.what();
  EXPECT_FALSE(store.has_analysis());
}

TEST(AnalysisRows, TablesAreOfTheFixedListAndColumnsHaveNames) {
  SQLite::Database database(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  for (const char* name : {"", "a b", "a; DROP TABLE units", "\"", "ä", "other"})
    EXPECT_THROW(insert_analysis_table(database, {.name = name, .columns = {"a"}}), std::logic_error) << name;
  for (const std::string& column : {std::string(), std::string("a\0b", 3)})
    EXPECT_THROW(insert_analysis_table(database, {.name = "means", .columns = {column}}), std::logic_error);
}

}  // namespace
}  // namespace tugline
