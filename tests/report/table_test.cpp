#include "tugline/report/table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/expect_error.h"
#include "support/holds.h"
#include "support/made_runs.h"
#include "support/temporary_folder.h"
#include "tugline/report/export.h"

namespace tugline {
namespace {

RunView small_view() {
  const TemporaryFolder folder;
  make_small_run(folder / "run.db");
  return view_of(RunStore::open_read_only(folder / "run.db"));
}

TEST(Summary, SaysWhatWasMeasuredAndWhatWasSkipped) {
  const std::string text = summary_text(small_view());
  for (const char* line :
       {"model          made-model\n", "data           made_data.json\n", "readout        predicting\n",
        "directions     2 isotropic, common\n", "examples       2 measured, 1 skipped\n",
        "precision      f32\n",
        "audit          4 pushes rerun in f64, largest disagreement 1.8e-04, 1 unit BEYOND the bound of a "
        "measure\n",
        "disagreements  kl 1.8e-04, total_variation 3.7e-04\n", "seed           42\n",
        "tugline        0.1.0\n", "skipped        1 example: no anchor sentence (example 2)\n"}) {
    EXPECT_TRUE(holds(text, line)) << line << "is not in\n" << text;
  }
  EXPECT_TRUE(holds(text, made_identity().hash()));
}

TEST(Summary, SaysWhereNothingWasAudited) {
  RunView view = small_view();
  view.audited = 0;
  view.audit_disagreements = {};
  EXPECT_TRUE(holds(summary_text(view), "audit          no push rerun in f64\n"));
  EXPECT_TRUE(nlohmann::json::parse(summary_json(view))["audit"]["largest_disagreement"].is_null());
}

TEST(Summary, SaysOnceWhyALayerIsExactlyZero) {
  const std::string text = summary_text(small_view());
  const std::string note = "note           layer 29: the push cannot reach a row that is read\n";
  const size_t first = text.find(note);
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_EQ(text.find("cannot reach", first + note.size()), std::string::npos);
}

TEST(Summary, TheTableByHand) {
  // Directions give 1 and 2 times scale * epsilon^2: span means 1.5 * 4 * {1/16, 3/16} = {0.375, 1.125} at
  // epsilon 2, mean 0.75, standard error 0.375.
  const std::string text = summary_text(small_view());
  EXPECT_TRUE(holds(text,
                    "anchor spans: KL(pushed || base) in nats, mean ± standard error over examples "
                    "(2 spans of 2 examples, 2 directions each)\n"
                    "  epsilon  relative              layer 20              layer 29\n"
                    "        0     0.00%                     0                     0\n"
                    "      0.5     2.08%   4.688e-02 ± 2.3e-02                     0\n"
                    "        2     8.33%   7.500e-01 ± 3.8e-01                     0\n"))
      << text;
}

// Epsilon is a fraction of a way: no size, and no share of the residual's norm.
TEST(Summary, AnInterpolationHasFractionsAndNoRelativeSizes) {
  const TemporaryFolder folder;
  RunIdentity identity = made_identity();
  identity.fields[field::kPush] = "interpolation";
  {
    RunStore store = RunStore::create_or_resume(folder / "run.db", identity, made_provenance());
    store.put_example(made_example(0));
    store.put_unit(made_unit(0, 20, 0.25, {0, 0.5, 1}));
  }
  const RunStore store = RunStore::open_read_only(folder / "run.db");
  const RunView view = view_of(store);
  EXPECT_TRUE(holds(summary_text(view), "\n fraction              layer 20\n")) << summary_text(view);
  EXPECT_FALSE(holds(summary_text(view), "relative"));
  EXPECT_FALSE(holds(summary_text(view), "%"));
  EXPECT_TRUE(nlohmann::json::parse(summary_json(view))["curves"][2]["epsilon_relative"].is_null());
  std::string csv;
  export_table(store, "curves", TextFormat::kCsv, [&](std::string_view text) { csv += text; });
  EXPECT_TRUE(holds(csv, "anchor,20,0.5,,")) << csv;
}

TEST(Summary, NamesTheFilesThatDirectionsAreFrom) {
  RunView view = small_view();
  view.identity.fields[field::kDirectionFamily] = "file 00ff by layer";
  view.identity.fields[field::kOrthogonalTo] = "file 00aa";
  view.meta[field::kDirectionFile] = "some/where/v.safetensors:global";
  view.meta[field::kOrthogonalFile] = "some/where/subspace.npy";
  EXPECT_TRUE(holds(
      summary_text(view),
      "directions     2 of v.safetensors:global (file 00ff by layer), common, orthogonal to subspace.npy "
      "(file 00aa)\n"))
      << summary_text(view);
}

TEST(Summary, ManyLayersAreBrokenIntoBlocks) {
  RunView view;
  view.d_model = 4;
  for (int32_t layer = 0; layer < 12; ++layer) {
    CurvePoint point{.span_kind = "anchor", .layer = layer, .epsilon = 1};
    point.kl.mean = 0.5;
    view.curves.push_back(point);
  }
  const std::string text = summary_text(view);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    EXPECT_LE(end - begin, 160U);
    begin = end + 1;
  }
  EXPECT_TRUE(holds(text, "layer 11"));
  EXPECT_TRUE(holds(text, "5.000e-01 ± n/a"));
}

TEST(Summary, AnUnfinishedRunSaysSo) {
  RunView view = small_view();
  EXPECT_FALSE(view.is_unfinished());
  view.units_planned = 6;
  EXPECT_TRUE(holds(summary_text(view), "units          4 of 6 (unfinished)\n"));
}

TEST(Summary, AShardSaysThatItIsAPart) {
  RunView view = small_view();
  EXPECT_TRUE(nlohmann::json::parse(summary_json(view))["shard"].is_null());
  view.shard = {.number = 1, .count = 4};
  view.units_planned = 4;
  view.units_of_run = 48;
  EXPECT_FALSE(view.is_unfinished());
  EXPECT_TRUE(holds(summary_text(view), "part           shard 1/4 of a run of 48 units\n"));
  EXPECT_EQ(nlohmann::json::parse(summary_json(view))["shard"]["units_of_run"], 48);
}

TEST(Summary, JsonHoldsTheSame) {
  const auto json = nlohmann::json::parse(summary_json(small_view()));
  EXPECT_EQ(json["identity"]["seed"], "42");
  EXPECT_EQ(json["configuration"], made_identity().hash());
  EXPECT_EQ(json["meta"]["model_name"], "made-model");
  EXPECT_EQ(json["examples"]["measured"], 2);
  EXPECT_EQ(json["examples"]["skipped"][0]["reason"], "no anchor sentence");
  EXPECT_EQ(json["examples"]["skipped"][0]["examples"][0], 2);
  EXPECT_EQ(json["units"]["done"], 4);
  EXPECT_TRUE(json["units"]["planned"].is_null());
  EXPECT_EQ(json["notes"][0]["layers"][0], 29);
  EXPECT_EQ(json["curves"].size(), 6U);
  EXPECT_EQ(json["curves"][2]["kl"], 0.75);
  EXPECT_EQ(json["curves"][2]["standard_error"], 0.375);
}

TEST(Summary, AStoreWithoutTheModelsWidthIsRefused) {
  const TemporaryFolder folder;
  { (void)RunStore::create_or_resume(folder / "run.db", {}, {{field::kDModel, "wide"}}); }
  const Error e = error_of([&] { (void)view_of(RunStore::open_read_only(folder / "run.db")); });
  EXPECT_EQ(e.code(), ErrorCode::kInput);
  EXPECT_TRUE(holds(e.what(), "d_model in table meta is \"wide\"")) << e.what();
}

}  // namespace
}  // namespace tugline
