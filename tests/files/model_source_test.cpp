#include "tugline/files/model_source.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>

#include "files/build_bytes.h"

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
                 {"nobody/nothing", "hub", "HF_HUB_CACHE", "download"});
}

TEST_F(Models, FindsTheRevisionThatMainNames) {
  folder.write("hub/models--org--tiny/refs/main", "abc123\n");
  folder.write("hub/models--org--tiny/snapshots/abc123/config.json", "{}");
  folder.write("hub/models--org--tiny/snapshots/older/config.json", "{}");
  const ModelSource model = resolve_model("org/tiny");
  EXPECT_EQ(model.path, folder.path() / "hub/models--org--tiny/snapshots/abc123");
  EXPECT_EQ(model.name, "org/tiny");
  folder.write("hub/models--org--tiny/refs/main", "gone");
  expect_refused(ErrorCode::kNotFound, "org/tiny", {"gone", "snapshot"});
  folder.write("hub/models--org--tiny/refs/main", "../../../x");
  expect_refused(ErrorCode::kInput, "org/tiny", {"revision"});
}

TEST_F(Models, WithoutMainTheOnlySnapshotIsMeant) {
  folder.write("hub/models--org--tiny/snapshots/one/config.json", "{}");
  EXPECT_EQ(resolve_model("org/tiny").path.filename(), "one");
  folder.write("hub/models--org--tiny/snapshots/two/config.json", "{}");
  expect_refused(ErrorCode::kNotFound, "org/tiny", {"2 snapshots"});
}

TEST(HubCache, FollowsTheHubsVariablesInTheirOrder) {
  Environment environment;
  environment.set("HOME", "/home/someone");
  for (const char* name : {"HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"}) environment.clear(name);
  EXPECT_EQ(hub_cache_folder(), "/home/someone/.cache/huggingface/hub");
  environment.set("XDG_CACHE_HOME", "/cache");
  EXPECT_EQ(hub_cache_folder(), "/cache/huggingface/hub");
  environment.set("HF_HOME", "~/hf");
  EXPECT_EQ(hub_cache_folder(), "/home/someone/hf/hub");
  environment.set("HF_HUB_CACHE", "/models");
  EXPECT_EQ(hub_cache_folder(), "/models");
}

}  // namespace
}  // namespace tugline
