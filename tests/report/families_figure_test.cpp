#include "tugline/report/families_figure.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/holds.h"
#include "support/made_runs.h"
#include "support/pushed_elsewhere.h"
#include "support/run_program.h"
#include "support/svg_text.h"
#include "support/temporary_folder.h"
#include "tugline/report/drawn_figure.h"
#include "tugline/report/measured_curves.h"

namespace tugline {
namespace {

using Fields = std::map<std::string, std::string>;

class FamiliesFigure : public testing::Test {
 protected:
  // The small run with other fields in its identity.
  FamilyRun run(const std::string& name, const Fields& fields) {
    RunIdentity identity = made_identity();
    for (const auto& [field, value] : fields) identity.fields[field] = value;
    Provenance provenance = made_provenance();
    provenance[field::kDirectionFile] = "some/where/vectors.npy";
    RunStore store = RunStore::create_or_resume(folder_ / name, identity, provenance);
    store.put_example(made_example(0));
    for (const int32_t layer : {20, 29}) store.put_unit(made_unit(0, layer, 0.25));
    return run_of(name, store);
  }
  static FamilyRun run_of(const std::string& name, const RunStore& store) {
    FamilyRun run{.path = name, .view = view_of(store)};
    run.curves = run.view.curves;
    return run;
  }
  static Figure figure(const std::vector<FamilyRun>& runs, const Look& look = {}) {
    check_comparable(runs);
    return families_figure(runs, {.span_kinds = {"anchor"}, .layers = {20}, .look = look});
  }
  static std::string script(const std::vector<FamilyRun>& runs) {
    const Figure found = figure(runs);
    return found.description + found.script;
  }
  TemporaryFolder folder_;
};

TEST_F(FamiliesFigure, CurvesAreCalledByDirectionsAndPushes) {
  const std::string found =
      script({run("a.db", {}), run("b.db", {{field::kDirectionFamily, "covariance"}}),
              run("c.db", {{field::kPush, "rotation"}, {field::kOrthogonalTo, "residual"}}),
              run("d.db", {{field::kDirectionFamily, "file 00ff"}})});
  for (const char* name :
       {"'isotropic'", "'covariance'", "'isotropic, rotation, orthogonal to the", "'vectors.npy'"})
    EXPECT_TRUE(holds(found, name)) << name << found;
  EXPECT_TRUE(holds(found, "anchor spans, layer 20"));
  EXPECT_TRUE(holds(found, "configuration"));
}

TEST_F(FamiliesFigure, TheDescriptionSaysHowWasPushed) {
  FamilyRun found = run("a.db", {});
  found.view = pushed_elsewhere(found.view);
  expect_description_says_how(figure({found}));
}

TEST_F(FamiliesFigure, NoTextLiesOnAnother) {
  const FamilyRun isotropic = run("a.db", {});
  const FamilyRun rotated = run("b.db", {{field::kPush, "rotation"}, {field::kOrthogonalTo, "residual"}});
  for (const double width : {400.0, 900.0})
    expect_no_text_overlaps(drawn_figure(figure({isotropic, rotated}, {.width = width})));
}

// The vector's mean lies between those of two random directions, whose range is the band.
TEST_F(FamiliesFigure, RandomDirectionsBesideVectorsHaveTheirRangeAsBand) {
  RunStore store = RunStore::create_or_resume(folder_ / "n.db", made_identity(), made_provenance());
  for (const int64_t example : {0, 1}) {
    store.put_example(made_example(example));
    UnitRecord unit = made_unit(example, 20, 0.25, {2});            // directions with a KL of 1 and 2
    unit.measured.responses.push_back(made_response(2, 2, 0.125));  // and of 1.5
    for (size_t i = 0; i < 2; ++i) unit.measured.responses[i].set = DirectionSet::kNull;
    store.put_unit(unit);
  }
  const std::string found = script({run_of("n.db", store)});
  EXPECT_TRUE(holds(found, "Grey: the mean of 2 random directions; its bar: the range of 95 % of them"))
      << found;
  EXPECT_TRUE(holds(found, "1.5 0 1.025 1.975\n")) << found;
}

// Vector 0 has a KL of scale eps^2 at scales 1 and 2, vector 1 twice as much.
TEST_F(FamiliesFigure, EachSuppliedVectorHasACurve) {
  RunIdentity identity = made_identity();
  identity.fields[field::kDirectionFamily] = "file 00ff";
  RunStore store = RunStore::create_or_resume(folder_ / "v.db", identity, made_provenance());
  for (const int64_t example : {0, 1}) {
    store.put_example(made_example(example));
    store.put_unit(made_unit(example, 20, 1 + static_cast<double>(example), {2}));
    store.put_unit(made_unit(example, 29, 1, {2}));
  }
  FamilyRun vectors = run_of("v.db", store);
  ASSERT_TRUE(has_vectors(vectors.view));
  EXPECT_FALSE(has_vectors(run("a.db", {}).view));
  vectors.vectors = curves_by_direction(store, response_measures().front());
  ASSERT_EQ(vectors.vectors.size(), 2U);
  const std::string found = script({vectors});
  EXPECT_TRUE(holds(found, "'vector 0'")) << found;
  EXPECT_TRUE(holds(found, "'vector 1'")) << found;
  EXPECT_TRUE(holds(found, "\n6 1 ")) << "the mean of 4 and 8, in row 1" << found;
  EXPECT_TRUE(holds(found, "\n12 0 ")) << found;
  // More than 24 are drawn as thin lines behind their mean.
  for (int32_t i = 2; i < 30; ++i) vectors.vectors[i] = vectors.vectors[1];
  const Figure many = figure({vectors});
  EXPECT_FALSE(holds(many.script, "'vector 0'"));
}

TEST_F(FamiliesFigure, TwoOfOneNameAreToldApartByTheirStores) {
  const std::string found =
      script({run("a.db", {}), run("b.db", {{field::kDirectionSharing, "independent"}})});
  EXPECT_TRUE(holds(found, "isotropic (a.db)")) << found;
  EXPECT_TRUE(holds(found, "isotropic (b.db)"));
}

TEST_F(FamiliesFigure, SaysWhichRunIsAPart) {
  FamilyRun part = run("b.db", {{field::kPush, "rotation"}});
  part.view.shard = {.number = 2, .count = 4};
  const std::string found = script({run("a.db", {}), part});
  EXPECT_TRUE(holds(found, "PARTIAL:")) << found;
  EXPECT_TRUE(holds(found, "2/4"));
}

TEST_F(FamiliesFigure, RunsThatDifferOtherwiseAreRefused) {
  const FamilyRun first = run("a.db", {});
  for (const auto& [field, value] : Fields{
           {field::kSeed, "43"}, {field::kReadout, "following"}, {"model_weights", "00"}, {"dataset", "1"}}) {
    const FamilyRun other = run(field + ".db", {{field, value}});
    const Error e = error_of([&] { (void)script({first, other}); });
    EXPECT_EQ(e.code(), ErrorCode::kUsage);
    EXPECT_TRUE(holds(e.what(), field)) << e.what();
    EXPECT_TRUE(holds(e.what(), value)) << e.what();
  }
}

TEST_F(FamiliesFigure, InterpolationsAreDrawnByThemselves) {
  const FamilyRun additive = run("a.db", {});
  const FamilyRun between =
      run("b.db", {{field::kPush, "interpolation"}, {field::kDirectionFamily, "residuals"}});
  EXPECT_TRUE(holds(error_of([&] { (void)script({additive, between}); }).what(), "fraction"));
  const std::string found = script({between});
  EXPECT_TRUE(holds(found, "fraction ε of the way to another residual"));
  EXPECT_TRUE(holds(found, "towards other residuals"));
  EXPECT_FALSE(holds(found, "x2tics"));
}

TEST_F(FamiliesFigure, EveryFormatIsDrawn) {
  const std::vector<FamilyRun> runs{run("a.db", {}), run("b.db", {{field::kPush, "rotation"}})};
  for (const char* name : {"f.svg", "f.png", "f.pdf"})
    draw_figure(figure(runs, {.format = figure_format_of(name)}), folder_ / name);
  EXPECT_TRUE(holds(file_text(folder_ / "f.svg"), "isotropic, rotation"));
}

}  // namespace
}  // namespace tugline
