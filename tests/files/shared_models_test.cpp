// The golden models and directions, as other programs wrote them.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/shared.h"
#include "tugline/files/direction_file.h"
#include "tugline/files/fingerprint.h"
#include "tugline/files/model_source.h"

namespace tugline {
namespace {

class GoldenModel : public testing::TestWithParam<const char*> {};

TEST_P(GoldenModel, OpensWithFiniteWeights) {
  const auto shared = shared_dir();
  if (!shared) GTEST_SKIP() << "the goldens are not here; set TUGLINE_SHARED_DIR";
  const ModelSource model = resolve_model((*shared / "golden" / "models" / GetParam()).string());
  const auto config = nlohmann::json::parse(std::ifstream(model.config_json()));
  const auto source = model.open_tensors();
  const TensorView* embedding = source->find("model.embed_tokens.weight");
  ASSERT_NE(embedding, nullptr);
  EXPECT_EQ(embedding->shape, (std::vector<int64_t>{config["vocab_size"], config["hidden_size"]}));
  for (const std::string& name : source->names()) {
    const TensorView& tensor = *source->find(name);
    std::vector<float> values(static_cast<size_t>(tensor.elements()));
    dequantise(tensor, 0, values);
    for (const float value : values) ASSERT_TRUE(std::isfinite(value)) << name;
  }
  EXPECT_EQ(fingerprint(*source), fingerprint(*model.open_tensors()));
}

INSTANTIATE_TEST_SUITE_P(All, GoldenModel, testing::Values("qwen2", "llama", "qwen2-f16"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(GoldenDirections, AreUnitRows) {
  const auto shared = shared_dir();
  if (!shared) GTEST_SKIP() << "the goldens are not here; set TUGLINE_SHARED_DIR";
  for (const char* model : {"qwen2", "llama", "qwen2-f16", "smollm2"}) {
    const auto file = *shared / "golden" / (std::string("directions_") + model + ".safetensors");
    const DirectionArray array = *read_direction_file(file.string() + ":case0").array;
    for (int64_t row = 0; row < array.rows; ++row) {
      double sum = 0;
      for (int64_t i = 0; i < array.columns; ++i)
        sum += std::pow(array.values[static_cast<size_t>(row * array.columns + i)], 2);
      EXPECT_NEAR(sum, 1.0, 1e-5) << model;  // unit in f32: each square is right to 1.2e-7 relative
    }
  }
}

}  // namespace
}  // namespace tugline
