// Directions of a file for the layers of a run, and where what it says of itself is not where they are
// pushed.
#include "tugline/probe/supplied_directions.h"

#include <gtest/gtest.h>

#include <array>

#include "support/expect_error.h"

namespace tugline {
namespace {

constexpr std::array<LayerIndex, 2> kLayers{LayerIndex{2}, LayerIndex{10}};

DirectionArray array_of(int64_t layer, std::vector<double> values) {
  const std::string name = "global.layer" + std::to_string(layer);
  const auto rows = static_cast<int64_t>(values.size() / 2);
  return {.name = "v.npz:" + name, .rows = rows, .columns = 2, .values = std::move(values), .array = name};
}

DirectionFile file_by_layer() {
  return {.name = "v.npz", .by_layer = {{2, array_of(2, {3, 4})}, {10, array_of(10, {0, -5})}}};
}

TEST(SuppliedDirections, OneArrayServesEveryLayer) {
  const DirectionFile file{.name = "v.npy", .array = array_of(2, {3, 4, 0, 1})};
  const SuppliedDirections directions = supplied_directions(file, kLayers, 2);
  EXPECT_EQ(directions.count(), 2);
  EXPECT_EQ(directions.at({2}), directions.at({10}));
  EXPECT_EQ(directions.identity(), "file " + hash_of_rows(directions.rows));
  EXPECT_EQ(array_names(directions), "");
}

TEST(SuppliedDirections, EachLayerHasItsOwn) {
  const SuppliedDirections directions = supplied_directions(file_by_layer(), kLayers, 2);
  EXPECT_EQ(directions.count(), 1);
  EXPECT_NEAR(directions.at({2})[0][0], 0.6, 1e-15);
  EXPECT_EQ(directions.at({10})[0], (std::vector<double>{0, -1}));
  EXPECT_EQ(array_names(directions), "layer 2: v.npz:global.layer2, layer 10: v.npz:global.layer10");
}

// Which layer has which vectors decides numbers. Which layers a run has does not, so that it can grow.
TEST(SuppliedDirections, TheIdentityIsThatOfAllLayersOfTheFile) {
  DirectionFile swapped{.name = "v.npz", .by_layer = {{2, array_of(2, {0, -5})}, {10, array_of(10, {3, 4})}}};
  const std::string identity = supplied_directions(file_by_layer(), kLayers, 2).identity();
  EXPECT_TRUE(identity.ends_with(" by layer"));
  EXPECT_NE(identity, supplied_directions(swapped, kLayers, 2).identity());
  EXPECT_EQ(identity, supplied_directions(file_by_layer(), std::span(kLayers).first(1), 2).identity());
}

TEST(SuppliedDirections, WhatDoesNotGoTogetherIsRefused) {
  constexpr std::array<LayerIndex, 2> kMissing{LayerIndex{2}, LayerIndex{3}};
  expect_error(ErrorCode::kInput, {"v.npz", "layer 3", "2, 10"},
               [&] { (void)supplied_directions(file_by_layer(), kMissing, 2); });
  DirectionFile uneven = file_by_layer();
  uneven.by_layer[10] = array_of(10, {1, 0, 0, 1});
  expect_error(ErrorCode::kInput, {"global.layer2 has 1 rows", "global.layer10 has 2"},
               [&] { (void)supplied_directions(uneven, kLayers, 2); });
  DirectionFile others = file_by_layer();
  others.metadata = {{"rows.global.layer2", "0:1"}, {"rows.global.layer10", "0:2"}};
  expect_error(ErrorCode::kInput, {"global.layer2", "global.layer10", "different chunks"},
               [&] { (void)supplied_directions(others, kLayers, 2); });
}

class Contradictions : public testing::Test {
 protected:
  void SetUp() override {
    config_.architecture = Architecture::kQwen2;
    config_.name = "tiny";
  }
  [[nodiscard]] std::vector<std::string> found(const DirectionOrigin& origin) const {
    return contradictions(
        origin, {.model = config_, .weights = weights_, .point = Hook::kResidPre, .layers = kLayers});
  }
  void expect_one(const DirectionOrigin& origin, const std::vector<std::string>& parts) const {
    const auto sentences = found(origin);
    ASSERT_EQ(sentences.size(), 1U);
    for (const std::string& part : parts)
      EXPECT_NE(sentences[0].find(part), std::string::npos) << sentences[0] << " lacks " << part;
  }
  ModelConfig config_;
  std::optional<std::string> weights_;
};

TEST_F(Contradictions, NoneWhereTheFileSaysNothingOrTheSame) {
  EXPECT_TRUE(found({.file = "v.npy"}).empty());
  EXPECT_TRUE(
      found({.file = "v", .model_name = "tiny", .architecture = "qwen2", .hook = "resid_pre"}).empty());
  weights_ = "abc";
  EXPECT_TRUE(found({.file = "v", .model_name = "renamed", .model_weights = "abc"}).empty());
}

TEST_F(Contradictions, OneForEachOfModelHookAndLayer) {
  expect_one({.file = "v", .model_name = "other", .model_weights = "abc"}, {"v:", "other", "tiny"});
  expect_one({.file = "v", .architecture = "llama"}, {"llama", "Qwen2ForCausalLM"});
  expect_one({.file = "v", .hook = "resid_post"}, {"made at resid_post", "pushed at resid_pre"});
  expect_one({.file = "v", .layer = 10}, {"made at layer 10", "pushed at layer 2"});
  expect_one({.file = "v", .layer = 3}, {"made at layer 3", "pushed at layers 2, 10"});
  weights_ = "def";  // the same name, other weights
  expect_one({.file = "v", .model_name = "tiny", .model_weights = "abc"}, {"abc", "def"});
}

TEST(DirectionOrigin, OfAControlVectorIsTheLayersOutput) {
  DirectionArray array = array_of(2, {1, 0});
  array.array = "direction.7";
  const DirectionOrigin origin =
      origin_of({.name = "c.gguf", .array = array, .metadata = {{std::string(kModelHint), "llama"}}});
  EXPECT_EQ(origin.hook, "resid_post");
  EXPECT_EQ(origin.layer, 7);
  EXPECT_EQ(origin.architecture, "llama");
}

}  // namespace
}  // namespace tugline
