// The built program's sweep --dry-run: what it says, and that what it says comes true.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "tugline/backend/machine.h"
#include "tugline/store/run_store.h"

namespace tugline::test {
namespace {

const std::string kSettings = " --layers 0,2 --epsilons 0,0.5,1 --directions 40 --spans anchor,chunks";

class DryRun : public Commands {
 protected:
  [[nodiscard]] nlohmann::json plan(const std::string& arguments) const {
    return result("sweep $MODEL data.json --dry-run --json" + arguments);
  }
};

TEST_F(DryRun, SaysWhatTheSweepThenDoes) {
  const auto found = plan(kSettings + " -o run.db");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run.db")) << "it makes no store";
  EXPECT_EQ(found["examples"], 2);
  EXPECT_EQ(found["layers"], 2);
  EXPECT_EQ(found["pushes"], found["units"].get<int64_t>() * 40 * 2);
  EXPECT_EQ(found["batch_rows"], 800);
  EXPECT_GT(found["flops"]["total"].get<double>(), 0);
  EXPECT_GT(found["seconds"].get<double>(), 0);
  EXPECT_TRUE(found["share"].is_null()) << "no unit has been timed";

  ASSERT_EQ(tugline("sweep $MODEL data.json -o run.db" + kSettings).status, 0);
  const RunStore store = RunStore::open_read_only(folder_ / "run.db");
  EXPECT_EQ(store.unit_keys().size(), found["units"].get<size_t>());
  EXPECT_EQ(store.meta().at("batch_rows"), std::to_string(found["batch_rows"].get<int64_t>()));

  const auto again = plan(kSettings + " -o run.db");
  EXPECT_EQ(again["units"], found["units"]);
  EXPECT_EQ(again["units_left"], 0);
  EXPECT_EQ(again["pushes"], 0);
  EXPECT_GT(again["share"].get<double>(), 0);
}

// Within a tenth: a page's free end, and the lengths of names and texts, are taken on average.
TEST_F(DryRun, KnowsTheStoresSize) {
  for (const char* settings :
       {" --layers 0 --epsilons 1 --directions 1",  // hardly more than an empty store
        " --layers 0,2 --epsilons 0,0.5,1 --directions 40 --spans anchor,chunks",
        " --layers 0,2 --epsilons 0:1:21 --directions 100 --readout downstream:1",
        " --layers 1,2 --epsilons 0:1:11 --directions 20 --spans chunks --vocabulary sampled"}) {
    const double planned = plan(settings)["bytes"]["store"].get<double>();
    std::filesystem::remove(folder_ / "run.db");
    ASSERT_EQ(tugline(std::string("sweep $MODEL data.json -o run.db") + settings).status, 0);
    const auto bytes = static_cast<double>(std::filesystem::file_size(folder_ / "run.db"));
    EXPECT_NEAR(planned, bytes, 0.1 * bytes) << settings;
  }
}

TEST_F(DryRun, PrintsAPage) {
  const ProgramOutcome outcome = tugline("sweep $MODEL data.json --dry-run --layers 0" + std::string());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  for (const char* word : {"units     2 (2 examples", "pushes", "products", "memory", "store",
                           "GFLOP/s of matrix products in f32", "time"})
    EXPECT_TRUE(holds(outcome.out, word)) << word << "\n" << outcome.out;
}

// Fewer epsilons are recommended if the grid has more than they need, and counted if they are asked for.
TEST_F(DryRun, RecommendsNodes) {
  const std::string settings = " --layers 0,2 --epsilons 0:10:21 --directions 4";
  const auto all = plan(settings);
  EXPECT_EQ(all["pushes"], 2 * 2 * 4 * 20);
  EXPECT_EQ(all["nodes"]["epsilons_requested"], 20);
  EXPECT_EQ(all["nodes"]["epsilons_at_most"], 9);
  EXPECT_EQ(all["nodes"]["used"], false);
  EXPECT_EQ(all["nodes"]["pushes"], 2 * 2 * 4 * 9);
  EXPECT_LT(all["nodes"]["seconds"].get<double>(), all["seconds"].get<double>());
  const auto nodes = plan(settings + " --nodes");
  EXPECT_EQ(nodes["pushes"], 2 * 2 * 4 * 9);
  EXPECT_EQ(nodes["nodes"]["used"], true);
  EXPECT_EQ(nodes["nodes"]["epsilons_requested"], 20);
  EXPECT_TRUE(plan(" --layers 0 --epsilons 0,1,2")["nodes"].is_null()) << "nothing could be left out";
  EXPECT_TRUE(plan(settings + " --direction-sharing independent")["nodes"].is_null());
  const ProgramOutcome text = tugline("sweep $MODEL data.json --dry-run" + settings);
  EXPECT_TRUE(holds(text.out, "--nodes measures at most 9 of the 20 epsilons and interpolates the others"))
      << text.out;
  EXPECT_TRUE(holds(text.out, "144 pushes in place of 320")) << text.out;
}

TEST_F(DryRun, MeasuresThePrecisionThatPushesRunIn) {
  EXPECT_EQ(plan(" --precision plain-bf16")["precision"], "plain-bf16");
  const auto found = plan(" --precision bf16");
  EXPECT_EQ(found["precision"], describe_machine().missing_bf16.empty() ? "bf16" : "f32");
  EXPECT_GT(found["product_gflops"].get<double>(), 0.01);
}

TEST_F(DryRun, NeedsNoWeights) {
  std::filesystem::create_directory(folder_ / "bare");
  for (const char* file : {"config.json", "tokenizer.json"})
    std::filesystem::copy(std::filesystem::path(kTinyModel) / file, folder_ / "bare" / file);
  const ProgramOutcome outcome = tugline("sweep bare data.json --dry-run");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
}

TEST_F(DryRun, RefusesWhatTheSweepWould) {
  ASSERT_EQ(tugline("sweep $MODEL data.json -o run.db --layers 0 --directions 1").status, 0);
  expect_refused("sweep $MODEL data.json --dry-run -o run.db --layers 0 --directions 1 --seed 7", "seed: ");
  expect_refused("sweep $MODEL data.json --dry-run -o run.db --layers 1 --directions 1 --hook resid_pre",
                 "hook: ");
  expect_refused("sweep $MODEL data.json --dry-run -o data.json", "data.json");
  expect_refused("sweep $MODEL data.json --dry-run --layers 9", "9");
  expect_refused("sweep $MODEL data.json --json -o other.db", "--json");
  expect_refused("sweep $MODEL data.json --batch-rows 0 -o other.db", "--batch-rows");
}

}  // namespace
}  // namespace tugline::test
