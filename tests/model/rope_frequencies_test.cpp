// Inverse frequencies against transformers' own rules, in float64.
#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.h"
#include "support/tiny_models.h"
#include "tugline/files/gguf.h"

namespace tugline::test {
namespace {

// A configuration with these fields beside the tiny llama's, in either spelling.
ModelConfig config_with(const nlohmann::json& rope, int64_t head_dim, bool newer) {
  nlohmann::json config = read_json(tiny_path("llama") / "config.json");
  config["head_dim"] = head_dim;
  config["max_position_embeddings"] = 131072;
  config.erase("rope_parameters");
  if (newer) {
    config["rope_parameters"] = rope;
  } else {
    config["rope_scaling"] = rope;
    config["rope_theta"] = rope.at("rope_theta");
    config["rope_scaling"].erase("rope_theta");
  }
  const TemporaryFolder folder;
  std::ofstream(folder / "config.json") << config;
  return read_config_json(folder / "config.json");
}

// A power, a quotient and for llama3 a wavelength: a few roundings of f64, made at most 1e-12 by a power of
// large exponents.
TEST(RopeFrequencies, FollowTransformers) {
  const nlohmann::json cases = read_json(tiny_path("rope_frequencies.json"));
  ASSERT_EQ(cases.size(), 21U);
  for (const auto& one : cases) {
    const auto expected = one.at("frequencies").get<std::vector<double>>();
    for (const bool newer : {true, false}) {
      const ModelConfig config = config_with(one.at("rope_parameters"), one.at("head_dim"), newer);
      const auto found = rope_inverse_frequencies(config.rope, config.head_dim);
      EXPECT_NEAR(config.rope.attention_factor, one.at("attention_factor").get<double>(), 1e-14)
          << one.dump();
      ASSERT_EQ(found.size(), expected.size());
      for (size_t i = 0; i < found.size(); ++i)
        EXPECT_NEAR(found[i], expected[i], 1e-12 * expected[i]) << one.dump();
    }
  }
}

// rope_freqs.weight is f32.
TEST(RopeFrequencies, GgufDivisorsGiveTheSame) {
  const ModelConfig config = read_config_json(tiny_path("llama") / "config.json");
  const auto hub = rope_inverse_frequencies(config.rope, config.head_dim);
  const auto gguf = rope_inverse_frequencies(read_config_gguf(GgufFile::open(tiny_path("llama.gguf"))).rope,
                                             config.head_dim);
  ASSERT_EQ(gguf.size(), hub.size());
  for (size_t i = 0; i < hub.size(); ++i) EXPECT_NEAR(gguf[i], hub[i], 1e-7 * hub[i]);
}

}  // namespace
}  // namespace tugline::test
