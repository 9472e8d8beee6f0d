// Loading weights: what is missing, misshaped or not finite is named; what goes to the backend is what the
// file holds.
#include "tugline/model/weights.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <map>

#include "support/expect_error.h"
#include "support/tiny_models.h"

namespace tugline {
namespace {

// A model's tensors in memory, to be taken away, reshaped and damaged.
class DamagedModel final : public TensorSource {
 public:
  explicit DamagedModel(std::string_view name)
      : config_(read_config(resolve_model(test::tiny_path(name).string()))) {
    const auto source = resolve_model(test::tiny_path(name).string()).open_tensors();
    for (const std::string& tensor : source->names()) copy(*source->find(tensor));
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
  [[nodiscard]] std::string path() const override { return "damaged"; }

  [[nodiscard]] const std::map<std::string, std::vector<std::byte>>& bytes() const { return bytes_; }
  void remove(const std::string& name) { ASSERT_EQ(views_.erase(name), 1U) << name; }
  void reshape(const std::string& name, std::vector<int64_t> shape) {
    views_.at(name).shape = std::move(shape);
  }
  void set(const std::string& name, size_t element, float value) {
    std::memcpy(bytes_.at(name).data() + element * sizeof value, &value, sizeof value);
  }
  [[nodiscard]] Weights load(Backend& backend) const {
    return load_weights(config_, *this, TensorNaming::kHub, backend);
  }

 private:
  void copy(const TensorView& from) {
    auto& bytes = bytes_[from.name];
    bytes.assign(from.bytes.begin(), from.bytes.end());
    TensorView view = from;
    view.bytes = bytes;
    views_[from.name] = view;
  }
  ModelConfig config_;
  std::map<std::string, std::vector<std::byte>> bytes_;
  std::map<std::string, TensorView> views_;
};

void expect_named(const DamagedModel& model, std::vector<std::string> parts, Backend& backend) {
  parts.emplace_back("damaged");
  expect_error(ErrorCode::kInput, parts, [&] { (void)model.load(backend); });
}
void expect_named(const DamagedModel& model, const std::vector<std::string>& parts) {
  for (const auto& backend : {make_reference_backend(), make_cpu_backend()})
    expect_named(model, parts, *backend);
}

TEST(Weights, EveryTensorIsNeeded) {
  for (const char* name : {"llama", "llama_biases", "qwen2", "qwen3", "olmo2", "gpt_neox"}) {
    const DamagedModel whole(name);
    for (const std::string& tensor : whole.names()) {
      DamagedModel model(name);
      model.remove(tensor);
      expect_named(model, {tensor, "missing", "expected"});
    }
  }
}

TEST(Weights, ShapesAreChecked) {
  for (const char* name : {"llama_biases", "qwen3", "olmo2", "gpt_neox"}) {
    const DamagedModel whole(name);
    for (const std::string& tensor : whole.names()) {
      DamagedModel model(name);
      std::vector<int64_t> shape = whole.find(tensor)->shape;
      const std::string right = std::to_string(shape.front());
      shape.front() -= 1;
      model.reshape(tensor, shape);
      expect_named(model, {tensor, "[" + right, "found [" + std::to_string(shape.front())});
    }
  }
}

// A tied head reads the embedding; without one, its rows are read when a token asks for them. The reference
// backend reads no matrix before it multiplies.
TEST(Weights, EveryNumberMustBeFinite) {
  const auto backend = make_cpu_backend();
  for (const float wrong :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const DamagedModel whole("llama_biases");
    for (const std::string& tensor : whole.names()) {
      DamagedModel model("llama_biases");
      const auto last = static_cast<size_t>(whole.find(tensor)->elements() - 1);
      model.set(tensor, last, wrong);
      expect_named(model, {tensor, "element " + std::to_string(last), "finite"}, *backend);
    }
  }
}

TEST(Weights, OnTheReferenceBackendANumberThatIsNotFiniteIsNamedWhenItIsMultiplied) {
  const std::string name = "model.layers.0.mlp.down_proj.weight";
  DamagedModel model("llama");
  model.set(name, 3, std::numeric_limits<float>::infinity());
  const auto backend = make_reference_backend();
  const Weights weights = model.load(*backend);
  const int64_t in = model.find(name)->shape.at(1);
  const auto x = backend->allocate(1, in);
  const auto out = backend->allocate(1, model.find(name)->shape.at(0));
  expect_error(ErrorCode::kInput, {"damaged", name, "element 3", "finite"}, [&] {
    backend->linear(x->matrix(), weights.layers.at(0).linear(LinearWeight::kDown), out->matrix(),
                    Accumulate::kNo);
  });
}

TEST(Weights, AnEmbeddingRowThatIsNotFiniteIsNamedWhenItIsRead) {
  DamagedModel model("llama");
  model.set("model.embed_tokens.weight", 24 * 7 + 3, std::numeric_limits<float>::quiet_NaN());
  const auto backend = make_reference_backend();
  const Weights weights = model.load(*backend);
  std::vector<float> row(24);
  weights.embedding.fill_rows(6, row);
  expect_error(ErrorCode::kInput, {"damaged", "model.embed_tokens.weight", "171", "finite"},
               [&] { weights.embedding.fill_rows(7, row); });
}

// Only the owner of a file mapping may let pages go: other memory would read as zeros from then on.
TEST(Weights, MemoryThatIsHandedOverStaysAsItIs) {
  for (const char* name : {"llama", "qwen3"}) {
    const DamagedModel model(name);
    const auto before = model.bytes();
    for (const auto& backend : {make_reference_backend(), make_cpu_backend()}) {
      const Weights weights = model.load(*backend);
      std::vector<float> rows(static_cast<size_t>(weights.embedding.out * weights.embedding.in));
      weights.embedding.fill_rows(0, rows);
      EXPECT_EQ(model.bytes(), before) << name << ", " << backend->name();
    }
  }
}

TEST(Embedding, IdsOutsideTheTableAreRefused) {
  const auto backend = make_reference_backend();
  const Model model = test::load_tiny("llama", *backend);
  const auto rows = backend->allocate(2, model.config().hidden_size);
  for (const int32_t wrong : {-1, 96, std::numeric_limits<int32_t>::max()}) {
    const std::vector<int32_t> ids{0, wrong};
    expect_error(ErrorCode::kInput, {"token id " + std::to_string(wrong), "position 1", "96"},
                 [&] { model.embed(ids, rows->matrix()); });
  }
}

TEST(Fingerprint, TellsModelsApart) {
  const auto backend = make_reference_backend();
  EXPECT_EQ(test::load_tiny("llama", *backend).fingerprint(),
            test::load_tiny("llama", *backend).fingerprint());
  EXPECT_NE(test::load_tiny("llama", *backend).fingerprint(),
            test::load_tiny("qwen2", *backend).fingerprint());
}

}  // namespace
}  // namespace tugline
