// A sweep through the public headers leaves the store that the program leaves, and its tables are the
// program's exports.
#include "tugline/run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/run_program.h"

namespace tugline::test {
namespace {

using nlohmann::json;

constexpr const char* kData = R"([
 {"prompt": "p", "model_input_prompt": "Add. <think>", "cot": "The sum is on the sheet. So the total is 12. And so on, then.",
  "thought_anchor_idx": 1, "thought_anchor_sentence": "So the total is 12."}])";

class SweepAndRun : public testing::Test {
 protected:
  void SetUp() override { std::ofstream(folder_ / "data.json") << kData; }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  static std::string program(const std::string& arguments) {
    const ProgramOutcome outcome = run_program("'" TUGLINE_PROGRAM "' " + arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.out;
  }
  TemporaryFolder folder_;
  std::string model_ = TUGLINE_FIXTURES "/tiny_model";
};

json cell_of(const Column& column, size_t row) {
  if (row < column.missing.size() && column.missing[row] != 0) return nullptr;
  return std::visit([row](const auto& values) { return json(values[row]); }, column.values);
}

void expect_same(const Table& table, const json& rows) {
  ASSERT_EQ(static_cast<size_t>(table.rows), rows.size()) << table.name;
  for (const Column& column : table.columns)
    for (size_t row = 0; row < rows.size(); ++row)
      EXPECT_EQ(cell_of(column, row), rows[row].at(column.name))
          << table.name << " " << column.name << " " << row;
}

TEST_F(SweepAndRun, TablesAreTheProgramsExports) {
  program("sweep " + model_ + " " + path("data.json") + " -o " + path("cli.db") +
          " --layers 0,2 --epsilons 0,0.5,1 --directions 3 --spans anchor,chunks --seed 9");
  const tugline::Run run =
      sweep(LanguageModel::load(model_), {.path = path("data.json")}, path("api.db"),
            {.push = {.layers = {0, 2}, .epsilons = {0, 0.5, 1}, .directions = 3, .seed = 9, .audit = 1},
             .spans = {"anchor", "chunks"}});
  EXPECT_EQ(run.identity(), tugline::Run::open(path("cli.db")).identity());
  for (const char* name : {"responses", "rows", "curves", "examples"})
    expect_same(run.table(name),
                json::parse(program("export " + path("cli.db") + " --format json --table " + name)));
}

TEST_F(SweepAndRun, DataInMemoryIsSweptAndResumed) {
  const LanguageModel model = LanguageModel::load(model_);
  const DataSource data{.path = "made", .text = kData};
  const SweepSettings settings{.push = {.layers = {0, 1}, .epsilons = {1}, .directions = 2, .audit = 0}};
  bool is_begun = false;
  Watch watch;
  watch.progress = [&](const CallProgress& progress) { is_begun = !progress.unit.empty(); };
  watch.keep_going = [&] { return !is_begun; };
  EXPECT_THROW(sweep(model, data, path("run.db"), settings, watch), Error);
  EXPECT_EQ(tugline::Run::open(path("run.db")).table("units").rows, 1);
  CallProgress last;
  const tugline::Run run = sweep(model, data, path("run.db"), settings,
                                 {.progress = [&last](const CallProgress& progress) { last = progress; }});
  EXPECT_EQ(last.all_pushes, 2);
  EXPECT_EQ(run.table("units").rows, 2);
  EXPECT_EQ(run.provenance().at("data_name"), "made");
  SweepSettings other = settings;
  other.push.seed = 1;
  try {
    sweep(model, data, path("run.db"), other);
    ADD_FAILURE() << "another run's store was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConflict);
    EXPECT_NE(std::string(error.what()).find("seed"), std::string::npos);
  }
}

TEST_F(SweepAndRun, AnalysisIsTheProgramsAndIsKept) {
  program("sweep " + model_ + " " + path("data.json") + " -o " + path("run.db") +
          " --layers 0 --epsilons 0,0.5,1 --directions 3 --spans anchor,chunks");
  const tugline::Run run = tugline::Run::open(path("run.db"));
  EXPECT_TRUE(run.analysis().empty());
  const auto tables = run.analyze({.resamples = 200});
  const json printed =
      json::parse(program("analyze " + path("run.db") + " --resamples 200 --no-store --json"));
  for (const auto& [name, table] : tables)
    expect_same(table, name == "settings" ? json::array({printed.at(name)}) : printed.at(name));
  EXPECT_EQ(run.analysis().size(), tables.size());
}

TEST_F(SweepAndRun, ADoseWithFurtherPushesIsThePrograms) {
  program("sweep " + model_ + " " + path("data.json") + " -o " + path("run.db") +
          " --layers 0 --epsilons 0,2,4,8 --directions 3");
  const tugline::Run run = tugline::Run::open(path("run.db"));
  const std::map<std::string, Table> tables =
      run.dose({.kl = 0.01, .resamples = 200, .refine = 1e-3, .pushes = path("pushes.db")},
               LanguageModel::load(model_), {.path = path("data.json")});
  const json printed = json::parse(program("dose " + path("run.db") + " " + model_ + " " + path("data.json") +
                                           " --kl 0.01 --refine --resamples 200 --json"));
  expect_same(tables.at("doses"), printed.at("doses"));
  EXPECT_GT(tugline::Run::open(path("pushes.db")).table("responses").rows, 0);
}

TEST_F(SweepAndRun, OneShardIsNotTakenForTheRun) {
  program("sweep " + model_ + " " + path("data.json") + " -o " + path("half.db") +
          " --layers 0 --epsilons 0,0.5,1 --directions 3 --spans chunks --shard 1/2");
  const tugline::Run half = tugline::Run::open(path("half.db"));
  std::vector<std::string> heard;
  const Watch watch{.warn = [&heard](const std::string& sentence) { heard.push_back(sentence); }};
  (void)half.analyze({.resamples = 200}, {}, tugline::Run::Keep::kNo, watch);
  (void)half.dose({.kl = 1e-9}, watch);
  half.save_report(path("half.html"), {.resamples = 200}, {}, watch);
  EXPECT_EQ(std::count(heard.begin(), heard.end(), half.warnings().at(0)), 3);
  EXPECT_NE(half.warnings().at(0).find("holds shard 1/2 only"), std::string::npos);
}

TEST_F(SweepAndRun, WhatIsNoStoreIsRefused) {
  EXPECT_THROW((void)tugline::Run::open(path("none.db")), Error);
  std::ofstream(folder_ / "text.db") << "not a store";
  EXPECT_THROW((void)tugline::Run::open(path("text.db")), Error);
}

}  // namespace
}  // namespace tugline::test
