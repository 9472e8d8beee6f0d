// Stores that somebody else made, to do harm or by mistake.
#include "tugline/store/received.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>

#include "support/expect_error.h"
#include "support/made_runs.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "tugline/store/analysis_rows.h"
#include "tugline/store/merge.h"
#include "tugline/store/schema.h"
#include "tugline/store/store_file.h"

namespace tugline {
namespace {

using std::filesystem::path;

class Received : public testing::Test {
 protected:
  TemporaryFolder folder_;
  path run_ = folder_ / "run.db";

  // A store that was then changed by SQL.
  void make_changed(const std::string& sql) const {
    std::filesystem::remove(run_);
    make_small_run(run_);
    SQLite::Database database(run_, SQLite::OPEN_READWRITE);
    sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
    database.exec(sql);
  }
  // However it is opened, it is refused with these words, soon, and stays as it is.
  void expect_refused(const std::string& words, ErrorCode code = ErrorCode::kInput) const {
    const std::string before = file_text(run_);
    const std::vector<std::function<void()>> openings = {
        [&] { (void)RunStore::open_read_only(run_); }, [&] { (void)RunStore::open_to_annotate(run_); },
        [&] { RunStore::check_path(run_); },
        [&] { (void)RunStore::create_or_resume(run_, made_identity(), {}); },
        [&] { (void)merge_stores(folder_ / "out.db", {run_}); }};
    const auto start = std::chrono::steady_clock::now();
    for (const auto& open : openings) {
      const Error e = error_of(open);
      EXPECT_EQ(e.code(), code) << e.what();
      EXPECT_NE(std::string(e.what()).find(words), std::string::npos)
          << e.what() << "\nshould say: " << words;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
    EXPECT_TRUE(file_text(run_) == before);
    EXPECT_EQ(folder_.names(), std::vector<std::string>{"run.db"});
  }
};

TEST_F(Received, WhatTuglineDoesNotMakeIsRefusedByName) {
  make_changed("CREATE TRIGGER t AFTER INSERT ON units BEGIN UPDATE responses SET kl = 0; END");
  expect_refused("trigger \"t\" is not tugline's");
  make_changed("CREATE VIEW v AS SELECT 1");
  expect_refused("view \"v\" is not tugline's");
  make_changed("CREATE TABLE notes (a)");
  expect_refused("table \"notes\" is not tugline's");
  make_changed("CREATE INDEX i ON units (layer)");
  expect_refused("index \"i\" is not tugline's");
  make_changed("ANALYZE");
  expect_refused("table \"sqlite_stat");
  make_changed("DROP TABLE skipped_spans");
  expect_refused("skipped_spans_1\" is missing");
  make_changed("ALTER TABLE units ADD COLUMN extra");
  expect_refused("table \"units\" was altered");
  make_changed("CREATE TABLE \"" + std::string(500, 'x') + "\" (a)");
  expect_refused("xxx...\" is not tugline's");
}

TEST_F(Received, AnEndlessViewEndsAtOnce) {
  make_changed(
      "ALTER TABLE units RENAME TO hidden; CREATE VIEW units AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
      "SELECT "
      "i + 1 FROM n) SELECT hidden.* FROM hidden, n");
  expect_refused("is not tugline's");
}

TEST_F(Received, ANameWithSqlInItIsNeverRun) {
  make_changed("CREATE TABLE \"analysis_x\"\"; DELETE FROM units; --\" (a)");
  expect_refused("is not tugline's");
  for (const char* columns : {"b, a AS (1)", "a DEFAULT (1)", "a CHECK (a)", "a INTEGER",
                              "a, PRIMARY KEY (a)", "a COLLATE NOCASE", "a UNIQUE"}) {
    make_changed(fmt::format("CREATE TABLE analysis_means ({})", columns));
    expect_refused("analysis_means");
  }
}

TEST_F(Received, AnAnalysisMayNameItsColumnsAsItLikes) {
  make_small_run(run_);
  const ResultTable spans{
      .name = "spans", .columns = {"kl", "a \"b\" (c); --", "größe"}, .rows = {{1.0, 2.0, 3.0}}};
  RunStore::open_to_annotate(run_).put_analysis({spans});
  EXPECT_EQ(RunStore::open_read_only(run_).analysis_table("spans"), spans);
  EXPECT_THROW(RunStore::open_to_annotate(run_).put_analysis({{.name = "other", .columns = {"a"}}}),
               std::logic_error);
}

// The tree of a table that comes back to a page: walking it would take for ever.
TEST_F(Received, PagesThatAreUsedTwiceAreRefused) {
  make_small_run(run_);
  SQLite::Database(run_, SQLite::OPEN_READWRITE)
      .exec(
          "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM "
          "sqlite_master WHERE "
          "name = 'units') WHERE name = 'skipped_spans'");
  expect_refused("the file is damaged");
}

TEST_F(Received, CommentsAndSpacesOfTheSchemaDoNotMatter) {
  make_small_run(run_);
  SQLite::Database(run_, SQLite::OPEN_READWRITE)
      .exec(
          "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '--\n NOT  "
          "NULL')");
  EXPECT_EQ(RunStore::open_read_only(run_).unit_keys().size(), 4U);
}

TEST_F(Received, AnIndexOfAnotherTableIsAnAlteration) {
  make_changed(
      "PRAGMA writable_schema = ON; UPDATE sqlite_master SET tbl_name = ' ' || tbl_name WHERE name = "
      "'sqlite_autoindex_units_1'");
  expect_refused("index \"sqlite_autoindex_units_1\" was altered");
}

TEST_F(Received, ConnectionsAreDefensive) {
  make_small_run(run_);
  const auto database = open_store_file(run_, StoreAccess::kWrite);
  EXPECT_THROW(database->exec("ATTACH 'other.db' AS other"), SQLite::Exception);
  EXPECT_THROW(database->exec("SELECT load_extension('x')"), SQLite::Exception);
  database->exec("PRAGMA writable_schema = ON");
  EXPECT_THROW(database->exec("UPDATE sqlite_master SET sql = ''"), SQLite::Exception);
}

}  // namespace
}  // namespace tugline
