// A model whose weights are in the caller's memory: the same numbers as from its files; a tensor that cannot
// be run, or numbers that leave the range of floats, are refused by name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "support/expect_error.h"
#include "support/tiny_models.h"
#include "tugline/files/safetensors.h"
#include "tugline/language_model.h"

namespace tugline::test {
namespace {

const std::vector<int32_t> kIds{5, 77, 20, 12, 45, 10};

// The tensors of one of the tiny models, to be changed before they are loaded.
class Weights {
 public:
  explicit Weights(const std::string& name) : folder_(tiny_path(name).string()) {
    const auto source = open_safetensors(folder_);
    for (const std::string& each : source->names()) {
      const TensorView& tensor = *source->find(each);
      std::vector<float> values(static_cast<size_t>(tensor.elements()));
      dequantise(tensor, 0, values);
      tensors_->push_back({each, "F32", tensor.shape, std::move(values)});
    }
  }
  struct Tensor {
    std::string name;
    std::string dtype;
    std::vector<int64_t> shape;
    std::vector<float> values;
  };
  Tensor& at(const std::string& name) {
    return *std::find_if(tensors_->begin(), tensors_->end(), [&](const Tensor& t) { return t.name == name; });
  }
  // Makes the largest number of the tensor `largest`.
  void scale(const std::string& name, float largest) {
    std::vector<float>& values = at(name).values;
    float now = 0;
    for (const float value : values) now = std::max(now, std::abs(value));
    for (float& value : values) value = value / now * largest;
  }
  [[nodiscard]] LanguageModel load() const {
    MemoryModel model{.name = "made", .folder = folder_, .owner = tensors_};
    for (const Tensor& tensor : *tensors_)
      model.tensors.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.values.data(),
                               static_cast<int64_t>(tensor.values.size() * sizeof(float))});
    return LanguageModel::load(model);
  }

 private:
  std::string folder_;
  std::shared_ptr<std::vector<Tensor>> tensors_ = std::make_shared<std::vector<Tensor>>();
};

TEST(MemoryModel, HasTheNumbersOfItsFiles) {
  for (const char* name : {"llama", "qwen3"}) {
    const LanguageModel files = LanguageModel::load(tiny_path(name).string());
    const LanguageModel memory = Weights(name).load();
    EXPECT_EQ(memory.info().name, "made");
    EXPECT_EQ(memory.logits(kIds), files.logits(kIds)) << name;
  }
}

TEST(MemoryModel, ATensorThatCannotBeRunIsNamed) {
  Weights other_type("llama");
  other_type.at("model.norm.weight").dtype = "I8";
  expect_error(ErrorCode::kUnsupported,
               {"tensor model.norm.weight: its type is I8; expected F32, F16, BF16 or F64"},
               [&] { (void)other_type.load(); });
  Weights too_short("llama");
  too_short.at("model.norm.weight").values.pop_back();
  expect_error(ErrorCode::kInput, {"model.norm.weight"}, [&] { (void)too_short.load(); });
}

struct Overflow {
  const char* tensor;
  const char* place;  // what the message says
};

class Overflows : public testing::TestWithParam<Overflow> {};

// 3e38 is almost the largest float.
TEST_P(Overflows, AreTracedToTheOperation) {
  Weights weights("qwen3");
  weights.scale(GetParam().tensor, 3e38f);
  const Trace trace = weights.load().transcript_of_ids(kIds).trace(2, 4);
  expect_error(ErrorCode::kInput, {std::string(GetParam().place) + ": the result at token"},
               [&] { (void)trace.tug({.layers = {0}, .epsilons = {1}}); });
}

INSTANTIATE_TEST_SUITE_P(
    Tensors, Overflows,
    testing::Values(
        Overflow{"model.layers.1.input_layernorm.weight", "layer 1, attention (norm)"},
        Overflow{"model.layers.0.self_attn.v_proj.weight", "layer 0, attention (projection to q, k and v)"},
        Overflow{"model.layers.1.self_attn.q_norm.weight", "layer 1, attention (norm of q)"},
        Overflow{"model.layers.0.self_attn.k_norm.weight", "layer 0, attention (norm of k)"},
        Overflow{"model.layers.1.self_attn.o_proj.weight", "layer 1, attention (output projection)"},
        Overflow{"model.layers.0.post_attention_layernorm.weight", "layer 0, mlp (norm)"},
        Overflow{"model.layers.1.mlp.up_proj.weight", "layer 1, mlp (gate and up projection)"},
        Overflow{"model.norm.weight", "final norm"}),
    [](const auto& each) {
      std::string name = each.param.tensor;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

}  // namespace
}  // namespace tugline::test
