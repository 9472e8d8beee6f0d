#include "tugline/report/analysis_tables.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "support/analysed_runs.h"
#include "support/expect_error.h"
#include "support/temporary_folder.h"
#include "tugline/report/stored_analysis.h"

namespace tugline {
namespace {

Analysis made_analysis() {
  const TemporaryFolder folder;
  make_grid_run(folder / "run.db");
  return analysis_of(RunStore::open_read_only(folder / "run.db"));
}

TEST(AnalysisTables, TheStoreGivesTheGridThatWasMeasured) {
  const TemporaryFolder folder;
  make_grid_run(folder / "run.db");
  const ResponseGrid stored = read_grid(RunStore::open_read_only(folder / "run.db"));
  const ResponseGrid made = grid_of(made_grid_units());
  ASSERT_EQ(stored.spans.size(), made.spans.size());
  for (size_t i = 0; i < made.spans.size(); ++i) EXPECT_EQ(stored.spans[i].values, made.spans[i].values);
}

TEST(AnalysisTables, EveryRowHasACellAColumn) {
  Analysis analysis = made_analysis();
  const ResponseGrid grid = grid_of(made_grid_units());
  analysis.null_contrasts = null_contrasts(grid, grid);
  const auto tables = analysis_tables(analysis, {{"extra", "x"}});
  EXPECT_EQ(tables.size(), 11U);
  for (const ResultTable& table : tables) {
    EXPECT_FALSE(table.rows.empty()) << table.name;
    EXPECT_EQ(std::set(table.columns.begin(), table.columns.end()).size(), table.columns.size())
        << table.name;
    for (const auto& row : table.rows) EXPECT_EQ(row.size(), table.columns.size()) << table.name;
  }
  EXPECT_EQ(error_of([&] { (void)column_of(tables[1], "none"); }).code(), ErrorCode::kInput);
}

TEST(AnalysisTables, JsonHoldsTheNumbers) {
  const Analysis analysis = made_analysis();
  const auto json = nlohmann::json::parse(analysis_json(analysis_tables(analysis, {{"extra", "x"}})));
  EXPECT_EQ(json["settings"]["extra"], "x");
  EXPECT_EQ(json["settings"]["seed"], "42");
  EXPECT_EQ(json["settings"]["epsilon"], 8);
  EXPECT_EQ(json["means"].size(), 24U);
  EXPECT_EQ(json["means"][1]["kl"], analysis.means[1].kl);
  EXPECT_EQ(json["means"][1]["ci_low"], analysis.means[1].interval.low.value());
  EXPECT_EQ(json["shapes"][0]["plateau_place"], "within");
  EXPECT_EQ(json["spans"].size(), 38U);
  EXPECT_EQ(json["contrasts"][0]["against_span_kind"], "chunk");
  EXPECT_EQ(json["length_contrasts"][0]["measure"], "kl");
  EXPECT_EQ(json["directions_needed"][5]["epsilon"], 8);
  EXPECT_EQ(json["correlations"][0]["scaling"], "pooled");
  // A metric that a chunk lacks.
  EXPECT_TRUE(json["spans"][0]["different_trajectories_fraction"].is_null());
}

TEST(StoredAnalysis, IsRefusedWhereThereIsNoneOrItIsOld) {
  const TemporaryFolder folder;
  make_grid_run(folder / "run.db");
  const auto error = [&] {
    return error_of([&] { (void)stored_table(RunStore::open_read_only(folder / "run.db"), table::kSpans); });
  };
  EXPECT_EQ(error().code(), ErrorCode::kUsage);
  EXPECT_NE(std::string(error().what()).find("run `tugline analyze"), std::string::npos);
  keep_analysis(folder / "run.db");
  {
    const RunStore store = RunStore::open_read_only(folder / "run.db");
    EXPECT_EQ(rows_of(stored_table(store, table::kSpans), "anchor", 5).size(), 4U);
    EXPECT_EQ(number_setting(store, "epsilon"), 8);
    EXPECT_EQ(error_of([&] { (void)number_setting(store, "seed"); }).code(), ErrorCode::kInput);
  }
  {
    RunStore store = RunStore::create_or_resume(folder / "run.db", made_identity(), made_provenance());
    store.put_unit(made_unit(0, 11, 1));
  }
  EXPECT_EQ(error().code(), ErrorCode::kConflict);
  EXPECT_NE(std::string(error().what()).find("of 38 units, and it holds 39 now"), std::string::npos)
      << error().what();
}

}  // namespace
}  // namespace tugline
