// A file's tensors against a configuration: each one that is missing, of another shape or type, or that
// nothing reads is named.
#include "tugline/model/tensor_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "files/build_bytes.h"
#include "support/expect_error.h"
#include "support/tiny_models.h"

namespace tugline {
namespace {

// The tensors of one of the tiny models, to be renamed, reshaped and taken away.
class ChangedModel final : public TensorSource {
 public:
  explicit ChangedModel(std::string_view name) : source_(resolve_model(test::tiny_path(name).string())) {
    config = stated_config(source_);
    naming = source_.kind == ModelSource::Kind::kGguf ? TensorNaming::kGguf : TensorNaming::kHub;
    tensors_ = source_.open_tensors();
    for (const std::string& tensor : tensors_->names()) views_[tensor] = *tensors_->find(tensor);
  }

  [[nodiscard]] const TensorView* find(std::string_view name) const override {
    const auto found = views_.find(std::string(name));
    return found == views_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [name, view] : views_) all.push_back(name);
    return all;
  }
  [[nodiscard]] std::span<const UnreadableTensor> unreadable() const override { return unreadable_; }
  [[nodiscard]] std::string path() const override { return "changed"; }

  void remove(const std::string& name) { ASSERT_EQ(views_.erase(name), 1U) << name; }
  void add(const std::string& name, const TensorView& like) {
    views_[name] = like;
    views_[name].name = name;
  }
  void add_unreadable(const std::string& name) {
    unreadable_.push_back({name, "'I64'"});
    std::ranges::sort(unreadable_, {}, &UnreadableTensor::name);
  }
  void reshape(const std::string& name, std::vector<int64_t> shape) {
    views_.at(name).shape = std::move(shape);
  }
  void rename_all(const std::function<std::string(const std::string&)>& renamed) {
    std::map<std::string, TensorView> views;
    for (const auto& [name, view] : views_) views[renamed(name)] = view;
    views_ = std::move(views);
  }

  [[nodiscard]] TensorCheck check() const { return check_tensors(config, *this, naming); }
  // The problems as one text; empty if there is none.
  [[nodiscard]] std::string problems() const {
    std::string all;
    for (const std::string& problem : check().problems) all += problem + "\n";
    return all;
  }
  [[nodiscard]] std::string warnings() const {
    std::string all;
    for (const std::string& warning : check().warnings) all += warning + "\n";
    return all;
  }

  ModelConfig config;
  TensorNaming naming = TensorNaming::kHub;

 private:
  ModelSource source_;
  std::unique_ptr<TensorSource> tensors_;
  std::map<std::string, TensorView> views_;
  std::vector<UnreadableTensor> unreadable_;
};

void expect_holds(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

constexpr const char* kModels[] = {
    "llama",           "llama_biases", "qwen2",      "qwen3",      "mistral",    "olmo2",        "gpt_neox",
    "gpt_neox_serial", "qwen3_window", "llama.gguf", "qwen2.gguf", "olmo2.gguf", "gpt_neox.gguf"};

TEST(TensorCheck, AModelsOwnTensorsAreTheOnesItNeeds) {
  for (const char* name : kModels) {
    const ChangedModel model(name);
    EXPECT_EQ(model.problems(), "") << name;
    EXPECT_EQ(model.warnings(), "") << name;
  }
}

TEST(TensorCheck, EveryTensorThatIsMissingOrMisshapedIsNamed) {
  for (const char* name : kModels) {
    const ChangedModel whole(name);
    for (const std::string& tensor : whole.names()) {
      if (tensor == "rope_freqs.weight" || tensor == "output.weight")
        continue;  // what they are for is read from the file
      ChangedModel without(name);
      without.remove(tensor);
      expect_holds(without.problems(), {"changed", tensor, "missing"});
      ChangedModel misshaped(name);
      std::vector<int64_t> shape = whole.find(tensor)->shape;
      shape.front() += 1;
      misshaped.reshape(tensor, shape);
      expect_holds(misshaped.problems(), {"changed", tensor, "found [" + std::to_string(shape.front())});
    }
  }
}

// The head's name before transformers 5, and the buffers that such files have beside it.
TEST(TensorCheck, AnOlderGptNeoxHasAnotherHeadAndBuffers) {
  ChangedModel model("gpt_neox");
  model.rename_all(
      [](const std::string& name) { return name == "lm_head.weight" ? "embed_out.weight" : name; });
  model.add_unreadable("gpt_neox.layers.0.attention.bias");
  model.add_unreadable("gpt_neox.layers.0.attention.masked_bias");
  model.add_unreadable("gpt_neox.layers.0.attention.rotary_emb.inv_freq");
  model.naming = naming_of(resolve_model(test::tiny_path("gpt_neox").string()), model);
  EXPECT_EQ(model.problems(), "");
  EXPECT_EQ(model.warnings(), "");
}

TEST(TensorCheck, ManyProblemsAreCounted) {
  ChangedModel model("llama");
  model.rename_all([](const std::string& name) { return "x" + name; });
  EXPECT_EQ(model.check().problems.size(), 3U);
  expect_holds(model.problems(), {"model.embed_tokens.weight", "more tensors"});
}

TEST(TensorCheck, APrefixThatIsMissingOrTooMuchIsRecognised) {
  ChangedModel bare("llama");
  bare.rename_all([](const std::string& name) { return name.starts_with("model.") ? name.substr(6) : name; });
  expect_holds(bare.problems(), {"model.embed_tokens.weight is missing", "the file has embed_tokens.weight",
                                 "prefix 'model.'"});
  ChangedModel wrapped("llama");
  wrapped.rename_all([](const std::string& name) { return "base_model.model." + name; });
  expect_holds(wrapped.problems(), {"model.embed_tokens.weight is missing", "prefix 'base_model.model.'"});
}

TEST(TensorCheck, ATypeThatCannotBeReadMattersOnlyIfTheTensorIsNeeded) {
  ChangedModel model("qwen2");
  model.add_unreadable("model.position_ids");
  EXPECT_EQ(model.problems(), "");
  expect_holds(model.warnings(), {"changed", "nothing reads", "model.position_ids"});
  model.remove("model.norm.weight");
  model.add_unreadable("model.norm.weight");
  expect_holds(model.problems(), {"model.norm.weight", "'I64'"});
}

TEST(TensorCheck, WhatNothingReadsIsNamedOnceForAllLayers) {
  ChangedModel model("llama");
  for (const char* layer : {"0", "1", "2"}) {
    const std::string attention = std::string("model.layers.") + layer + ".self_attn.";
    model.add(attention + "sink.weight", *model.find("model.norm.weight"));
    model.add(attention + "rotary_emb.inv_freq",
              *model.find("model.norm.weight"));  // follows from the configuration
  }
  model.add("extra.weight", *model.find("model.norm.weight"));
  EXPECT_EQ(model.problems(), "");
  expect_holds(model.warnings(), {"extra.weight", "model.layers.*.self_attn.sink.weight (3)"});
  EXPECT_EQ(model.warnings().find("inv_freq"), std::string::npos);
}

// llama.cpp applies what a layer of a GGUF holds.
TEST(TensorCheck, AGgufsLayersHoldNothingThatIsNotComputed) {
  ChangedModel model("llama.gguf");
  model.add("blk.1.attn_k.bias", *model.find("output_norm.weight"));
  expect_holds(model.problems(), {"blk.1.attn_k.bias"});
  ChangedModel beyond("llama.gguf");
  beyond.add("blk.9.nextn.weight", *beyond.find("output_norm.weight"));
  EXPECT_EQ(beyond.problems(), "");
  expect_holds(beyond.warnings(), {"blk.9.nextn.weight"});
}

TEST(TensorCheck, TheNumberOfLayersIsBoundedByTheFile) {
  ChangedModel model("llama");
  model.config.num_layers = int64_t{1} << 24;
  expect_holds(model.problems(), {"changed", "tensors", "16777216 layers"});
}

TEST(TiedHead, AHeadOfItsOwnCountsAndIsNamed) {
  ChangedModel model("qwen2");
  ASSERT_TRUE(model.config.tied_head);
  const uint64_t tied = hash_of(model.config);
  model.add("lm_head.weight", *model.find("model.embed_tokens.weight"));
  settle_head(model.config, model, model.naming);
  EXPECT_TRUE(model.config.tied_head) << "the same content";
  EXPECT_EQ(model.config.warnings.size() + model.check().warnings.size(), 0U);
  EXPECT_EQ(hash_of(model.config), tied);

  TensorView other = *model.find("model.embed_tokens.weight");
  std::vector<std::byte> bytes(other.bytes.begin(), other.bytes.end());
  bytes.back() ^= std::byte{0x40};
  other.bytes = bytes;
  model.add("lm_head.weight", other);
  settle_head(model.config, model, model.naming);
  EXPECT_FALSE(model.config.tied_head);
  ASSERT_EQ(model.config.warnings.size(), 1U);
  expect_holds(model.config.warnings[0], {"tie_word_embeddings", "lm_head.weight"});
  EXPECT_EQ(model.problems() + model.warnings(), "");
}

TEST(OpenModel, RefusesWhatTheTensorsDoNotFit) {
  const TemporaryFolder folder;
  for (const char* file : {"config.json", "model.safetensors"})
    std::filesystem::copy(test::tiny_path("qwen2") / file, folder.path() / file);
  EXPECT_EQ(open_model(resolve_model(folder.path().string())).config.warnings.size(), 0U);
  nlohmann::json config = test::read_json(folder.path() / "config.json");
  config["tie_word_embeddings"] = false;
  folder.write("config.json", config.dump());
  expect_error(ErrorCode::kInput, {"lm_head.weight", "missing"},
               [&] { static_cast<void>(read_config(resolve_model(folder.path().string()))); });
}

}  // namespace
}  // namespace tugline
