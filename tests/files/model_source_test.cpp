#include "tugline/files/model_source.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>

#include "files/build_bytes.h"
#include "support/expect_error.h"
#include "tugline/files/gguf.h"
#include "tugline/files/hub/hub_settings.h"
#include "tugline/files/mapped_file.h"

namespace tugline {
namespace {

// Sets or clears environment variables, and puts them back.
class Environment {
 public:
  void set(const char* name, const std::string& value) {
    remember(name);
    setenv(name, value.c_str(), 1);
  }
  void clear(const char* name) {
    remember(name);
    unsetenv(name);
  }
  Environment() = default;
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    for (const auto& [name, value] : before_) {
      if (value) {
        setenv(name.c_str(), value->c_str(), 1);
      } else {
        unsetenv(name.c_str());
      }
    }
  }

 private:
  void remember(const char* name) {
    const char* value = std::getenv(name);
    before_.try_emplace(name, value == nullptr ? std::nullopt : std::optional<std::string>(value));
  }
  std::map<std::string, std::optional<std::string>> before_;
};

class Models : public testing::Test {
 protected:
  Models() { environment.set("HF_HUB_CACHE", (folder.path() / "hub").string()); }
  void expect_refused(ErrorCode code, const std::string& argument,
                      const std::vector<std::string>& parts) const {
    SCOPED_TRACE(argument);
    expect_error(code, parts, [&] { static_cast<void>(resolve_model(argument)); });
  }
  TemporaryFolder folder;
  Environment environment;
};

TEST_F(Models, DirectoryGivesItsFilesAndSaysWhatIsMissing) {
  folder.write("tiny/tokenizer.json", "{}");
  const ModelSource model = resolve_model((folder.path() / "tiny/").string());
  EXPECT_EQ(model.kind, ModelSource::Kind::kDirectory);
  EXPECT_EQ(model.tokenizer_json(), folder.path() / "tiny/" / "tokenizer.json");
  expect_error(ErrorCode::kNotFound, {"config.json", "tiny"},
               [&] { static_cast<void>(model.config_json()); });
  expect_error(ErrorCode::kNotFound, {"model.safetensors"}, [&] { static_cast<void>(model.open_tensors()); });
}

TEST_F(Models, NameIsTheDirectorysOwn) {
  folder.write("tiny/config.json", "{}");
  EXPECT_EQ(resolve_model((folder.path() / "tiny").string()).name, "tiny");
  EXPECT_EQ(resolve_model((folder.path() / "tiny/.").string()).name, "tiny");
}

TEST_F(Models, OpensBothKindsOfWeights) {
  folder.write("tiny/model.safetensors",
               safetensors_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4).span());
  EXPECT_EQ(resolve_model((folder.path() / "tiny").string()).open_tensors()->names().size(), 1U);
  const ModelSource gguf = resolve_model(fixture("every_type.gguf").string());
  EXPECT_EQ(gguf.kind, ModelSource::Kind::kGguf);
  EXPECT_EQ(gguf.name, "every_type");
  EXPECT_NE(gguf.open_tensors()->find("Q4_K"), nullptr);
  expect_error(ErrorCode::kInput, {"GGUF"}, [&] { static_cast<void>(gguf.config_json()); });
}

TEST_F(Models, RefusesWhatIsNoModel) {
  folder.write("empty/readme.txt", "x");
  expect_refused(ErrorCode::kInput, (folder.path() / "empty").string(), {"config.json"});
  folder.write("quantised/m.gguf", "x");
  expect_refused(ErrorCode::kInput, (folder.path() / "quantised").string(), {"m.gguf", "name that file"});
  expect_refused(ErrorCode::kInput, (folder.path() / "empty/readme.txt").string(),
                 {"readme.txt", "directory"});
  expect_refused(ErrorCode::kNotFound, "no/such/thing", {"no/such/thing", "ORG/NAME"});
  expect_refused(ErrorCode::kNotFound, "models/missing.gguf", {"no such"});
  expect_refused(ErrorCode::kNotFound, "", {"ORG/NAME"});
  expect_refused(ErrorCode::kNotFound, "../secret", {"no such"});
  expect_refused(ErrorCode::kNotFound, "nobody/nothing",
                 {"nobody/nothing", "hub", "HF_HUB_CACHE", "`tugline fetch nobody/nothing`"});
}

TEST_F(Models, OtherWeightsAreCalledWhatTheyAre) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"model-00001-of-00002.safetensors", "model.safetensors.index.json"},
      {"consolidated.safetensors", "layout"},
      {"consolidated.00.pth", "layout"},
      {"pytorch_model.bin", "pickled"},
      {"pytorch_model-00001-of-00002.bin", "pickled"},
      {"weights.pt", "pickled"},
      {"other.safetensors", "call it model.safetensors"},
      {"m.gguf", "name that file"},
      {"tf_model.h5", "TensorFlow"},
      {"model.safetensors.incomplete", "has not finished"},
      {".cache/huggingface/download/abc.1234.incomplete", "has not finished"}};
  for (const auto& [file, words] : cases) {
    SCOPED_TRACE(file);
    const TemporaryFolder other;
    other.write("config.json", "{}");
    const ModelSource model = resolve_model(other.path().string());
    EXPECT_FALSE(model.has_weights());
    other.write(file, "x");
    EXPECT_TRUE(model.has_weights());
    expect_error(ErrorCode::kNotFound,
                 {"model.safetensors", std::filesystem::path(file).filename().string(), words},
                 [&] { static_cast<void>(model.open_tensors()); });
  }
}

TEST_F(Models, AnAdapterBesideOrWithoutWeightsIsRefused) {
  for (const char* file :
       {"adapter_config.json", "adapter_model.safetensors", "adapter_model.bin", "adapters.npz"}) {
    SCOPED_TRACE(file);
    const TemporaryFolder other;
    other.write("config.json", "{}");
    other.write(file, "{}");
    const ModelSource model = resolve_model(other.path().string());
    const auto open = [&] { static_cast<void>(model.open_tensors()); };
    expect_error(ErrorCode::kUnsupported, {file, "adapter", "merge"}, open);
    other.write("model.safetensors",
                safetensors_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4).span());
    expect_error(ErrorCode::kUnsupported, {file, "adapter", "merge"}, open);
  }
}

TEST_F(Models, WeightsThatAreNotReadAreWarnedOf) {
  const auto whole = safetensors_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4);
  const auto warnings = [&] { return resolve_model((folder.path() / "m").string()).warnings(); };
  folder.write("m/config.json", "{}");
  folder.write("m/model-00001-of-00002.safetensors", whole.span());
  EXPECT_TRUE(warnings().empty());  // without an index they are an error
  folder.write("m/model.safetensors.index.json",
               R"({"weight_map": {"a": "model-00001-of-00002.safetensors"}})");
  EXPECT_TRUE(warnings().empty());
  folder.write("m/model-00002-of-00002.safetensors", whole.span());
  folder.write("m/consolidated.safetensors", whole.span());  // the authors' layout of the same weights
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_NE(warnings()[0].find("model-00002-of-00002.safetensors is not read"), std::string::npos)
      << warnings()[0];
  EXPECT_NE(warnings()[0].find("index.json"), std::string::npos) << warnings()[0];
  folder.write("m/model.safetensors", whole.span());
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_NE(warnings()[0].find("model-00001-of-00002.safetensors and 1 file more"), std::string::npos)
      << warnings()[0];
}

// As a download that was cut off leaves a cached repository.
TEST_F(Models, AnUnfinishedDownloadIsCalledThat) {
  folder.write("hub/models--org--tiny/refs/main", "abc");
  folder.write("hub/models--org--tiny/snapshots/abc/config.json", "{}");
  folder.write("hub/models--org--tiny/blobs/ffff.01234567.incomplete", "x");
  const ModelSource model = resolve_model("org/tiny");
  expect_error(ErrorCode::kNotFound, {"ffff.01234567.incomplete", "hf download"},
               [&] { static_cast<void>(model.open_tensors()); });
  expect_error(ErrorCode::kNotFound, {"tokenizer.json", "ffff.01234567.incomplete", "hf download"},
               [&] { static_cast<void>(model.tokenizer_json()); });
  const auto snapshot = folder.path() / "hub/models--org--tiny/snapshots/abc";
  std::filesystem::remove(folder.path() / "hub/models--org--tiny/blobs/ffff.01234567.incomplete");
  std::filesystem::create_symlink("../../blobs/gone", snapshot / "model.safetensors");
  expect_error(ErrorCode::kNotFound, {"model.safetensors", "links to", "blobs/gone", "hf download"},
               [&] { static_cast<void>(model.open_tensors()); });
  std::filesystem::create_symlink("../../blobs/gone", snapshot / "tokenizer.json");
  expect_error(ErrorCode::kNotFound, {"tokenizer.json", "links to", "blobs/gone"},
               [&] { static_cast<void>(model.tokenizer_json()); });
}

TEST_F(Models, FindsTheRevisionThatMainNames) {
  folder.write("hub/models--org--tiny/refs/main", "abc123\n");
  folder.write("hub/models--org--tiny/snapshots/abc123/config.json", "{}");
  folder.write("hub/models--org--tiny/snapshots/older/config.json", "{}");
  const ModelSource model = resolve_model("org/tiny");
  EXPECT_EQ(model.path, folder.path() / "hub/models--org--tiny/snapshots/abc123");
  EXPECT_EQ(model.name, "org/tiny");
  EXPECT_EQ(model.commit, "abc123");
  folder.write("hub/models--org--tiny/refs/main", "gone");
  expect_refused(ErrorCode::kNotFound, "org/tiny",
                 {"no snapshot for 'main'", "abc123, older", "`tugline fetch org/tiny`"});
  folder.write("hub/models--org--tiny/refs/main", "../../../x");
  expect_refused(ErrorCode::kInput, "org/tiny", {"revision"});
}

TEST_F(Models, WithoutMainTheOnlySnapshotIsMeant) {
  folder.write("hub/models--org--tiny/snapshots/one/config.json", "{}");
  EXPECT_EQ(resolve_model("org/tiny").path.filename(), "one");
  folder.write("hub/models--org--tiny/snapshots/two/config.json", "{}");
  expect_refused(ErrorCode::kNotFound, "org/tiny", {"one, two"});
}

TEST(HubCache, FollowsTheHubsVariablesInTheirOrder) {
  Environment environment;
  environment.set("HOME", "/home/someone");
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"})
    environment.clear(name);
  EXPECT_EQ(hub_cache_folder(), "/home/someone/.cache/huggingface/hub");
  environment.set("XDG_CACHE_HOME", "/cache");
  EXPECT_EQ(hub_cache_folder(), "/cache/huggingface/hub");
  environment.set("HF_HOME", "~/hf");
  EXPECT_EQ(hub_cache_folder(), "/home/someone/hf/hub");
  environment.set("HUGGINGFACE_HUB_CACHE", "/older");
  EXPECT_EQ(hub_cache_folder(), "/older");
  environment.set("HF_HUB_CACHE", "/models");
  EXPECT_EQ(hub_cache_folder(), "/models");
}

TEST(HubCache, ReplacesTildeAndVariables) {
  Environment environment;
  environment.set("HOME", "/home/someone");
  environment.set("SCRATCH", "/big/disk");
  environment.clear("TUGLINE_NOT_SET");
  environment.clear("HUGGINGFACE_HUB_CACHE");
  environment.clear("HF_HUB_CACHE");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"$SCRATCH/hf", "/big/disk/hf/hub"},
      {"${SCRATCH}_2", "/big/disk_2/hub"},
      {"$HOME/a", "/home/someone/a/hub"},
      {"~/a", "/home/someone/a/hub"},
      {"~", "/home/someone/hub"},
      {"/a/~/b", "/a/~/b/hub"},
      {"/a/$TUGLINE_NOT_SET", "/a/$TUGLINE_NOT_SET/hub"},
      {"/a/$", "/a/$/hub"},
      {"/a/${SCRATCH", "/a/${SCRATCH/hub"}};
  for (const auto& [home, expected] : cases) {
    environment.set("HF_HOME", home);
    EXPECT_EQ(hub_cache_folder(), expected) << home;
  }
}

}  // namespace
}  // namespace tugline
