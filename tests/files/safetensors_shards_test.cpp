#include <gtest/gtest.h>

#include <string>

#include "files/build_bytes.h"
#include "support/expect_error.h"
#include "tugline/files/safetensors.h"

namespace tugline {
namespace {

std::string one_tensor(std::string_view name) {
  return fmt::format(R"({{"{}":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}})", name);
}

// A model's directory: two shards with the tensors a and b, and whatever index the test writes.
class Shards : public testing::Test {
 protected:
  Shards() {
    folder.write("one.safetensors", safetensors_bytes(one_tensor("a"), 4).span());
    folder.write("two.safetensors", safetensors_bytes(one_tensor("b"), 4).span());
  }
  [[nodiscard]] std::unique_ptr<TensorSource> open(std::string_view index) const {
    folder.write("model.safetensors.index.json", index);
    return open_safetensors(folder.path());
  }
  void expect_refused(ErrorCode code, std::string_view index, const std::vector<std::string>& parts) const {
    SCOPED_TRACE(index);
    expect_error(code, parts, [&] { static_cast<void>(open(index)); });
  }
  TemporaryFolder folder;
};

TEST_F(Shards, AreOneSource) {
  const auto source =
      open(R"({"metadata":{"total_size":8},"weight_map":{"b":"two.safetensors","a":"one.safetensors"}})");
  EXPECT_EQ(source->names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(source->find("b")->bytes.size(), 4U);
  EXPECT_EQ(source->path(), folder.path().string());
}

// A tensor that a shard holds and the index leaves out is the model's all the same.
TEST_F(Shards, TheIndexMayLeaveTensorsOut) {
  folder.write("one.safetensors",
               safetensors_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                                 R"("lm_head.weight":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                                 8)
                   .span());
  EXPECT_EQ(open(R"({"weight_map":{"a":"one.safetensors"}})")->names(),
            (std::vector<std::string>{"a", "lm_head.weight"}));
  folder.write("two.safetensors", safetensors_bytes(one_tensor("a"), 4).span());
  expect_refused(ErrorCode::kInput, R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})",
                 {"'b'"});
}

TEST_F(Shards, OneFileWinsOverAnIndex) {
  folder.write("model.safetensors", safetensors_bytes(one_tensor("c"), 4).span());
  EXPECT_EQ(open("{}")->names(), (std::vector<std::string>{"c"}));
}

TEST_F(Shards, LyingIndexIsRefused) {
  expect_refused(ErrorCode::kInput, "{}", {"weight_map"});
  expect_refused(ErrorCode::kInput, R"({"weight_map":[]})", {"weight_map"});
  expect_refused(ErrorCode::kInput, R"({"weight_map":{"a":1}})", {"'a'", "number"});
  expect_refused(ErrorCode::kInput, R"({"weight_map":{"a":"one.safetensors")", {"index.json", "JSON"});
  expect_refused(ErrorCode::kNotFound, R"({"weight_map":{"a":"three.safetensors"}})", {"three.safetensors"});
  expect_refused(ErrorCode::kInput, R"({"weight_map":{"a":"two.safetensors"}})", {"two.safetensors", "'a'"});
  expect_refused(ErrorCode::kInput, R"({"weight_map":{"a":"one.safetensors","a":"two.safetensors"}})",
                 {"twice"});
}

TEST_F(Shards, NoShardLiesOutsideTheDirectory) {
  for (const char* shard : {"../one.safetensors", "x/../../one.safetensors", "x/../one.safetensors",
                            "/etc/passwd", "", "..", "a\\u0000b"}) {
    expect_refused(ErrorCode::kInput, fmt::format(R"({{"weight_map":{{"a":"{}"}}}})", shard), {"inside"});
  }
}

TEST_F(Shards, DirectoryWithoutWeightsSaysWhatItLooksFor) {
  expect_error(ErrorCode::kNotFound, {"model.safetensors", "index.json"},
               [&] { static_cast<void>(open_safetensors(folder.path())); });
  expect_error(ErrorCode::kNotFound, {"nowhere"},
               [&] { static_cast<void>(open_safetensors(folder.path() / "nowhere")); });
}

}  // namespace
}  // namespace tugline
