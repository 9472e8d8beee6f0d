// Models in several GGUF files, made as llama-gguf-split makes them.
#include <gtest/gtest.h>

#include <optional>

#include "files/build_bytes.h"
#include "support/expect_error.h"
#include "tugline/files/fingerprint.h"
#include "tugline/files/gguf.h"
#include "tugline/files/model_source.h"

namespace tugline {
namespace {

struct Part {
  uint16_t number = 0;
  uint16_t count = 2;
  int32_t tensors = 2;
  std::string tensor = "a";
  std::optional<uint32_t> context = {};  // metadata 'x.context'
  bool says_split = true;
};

// One f32 tensor of eight values that count up from `part.number * 10`.
Bytes bytes_of(const Part& part) {
  Bytes bytes;
  bytes.put_raw("GGUF").put<uint32_t>(3).put<uint64_t>(1);
  bytes.put<uint64_t>((part.says_split ? 3 : 0) + (part.context ? 1 : 0));
  if (part.context) bytes.put_string("x.context").put<uint32_t>(4).put<uint32_t>(*part.context);
  if (part.says_split) {
    bytes.put_string("split.no").put<uint32_t>(2).put<uint16_t>(part.number);
    bytes.put_string("split.count").put<uint32_t>(2).put<uint16_t>(part.count);
    bytes.put_string("split.tensors.count").put<uint32_t>(5).put<int32_t>(part.tensors);
  }
  bytes.put_string(part.tensor).put<uint32_t>(1).put<uint64_t>(8).put<uint32_t>(0).put<uint64_t>(0);
  bytes.pad_to(32);
  for (int i = 0; i < 8; ++i) bytes.put(static_cast<float>(part.number * 10 + i));
  return bytes;
}

class GgufParts : public testing::Test {
 protected:
  void write(const std::string& name, const Part& part) { folder_.write(name, bytes_of(part).span()); }
  void write_both() {
    write("m-00001-of-00002.gguf", {.number = 0, .context = 7});
    write("m-00002-of-00002.gguf", {.number = 1, .tensor = "b"});
  }
  void expect_refused(ErrorCode code, const std::vector<std::string>& parts,
                      const std::string& name = "m-00001-of-00002.gguf") {
    expect_error(code, parts, [&] { static_cast<void>(GgufFile::open(folder_.path() / name)); });
  }
  TemporaryFolder folder_;
};

TEST_F(GgufParts, AnyNameGivesTheWholeModel) {
  write_both();
  std::vector<uint64_t> prints;
  for (const char* name : {"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"}) {
    const ModelSource source = resolve_model((folder_.path() / name).string());
    EXPECT_EQ(source.name, "m");
    const GgufFile file = GgufFile::open(source.path);
    EXPECT_EQ(file.names(), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(file.keys(), std::vector<std::string>{"x.context"});
    std::vector<float> values(8);
    dequantise(*file.find("b"), 0, values);
    EXPECT_EQ(values[3], 13.0F);
    prints.push_back(fingerprint(file));
  }
  EXPECT_EQ(prints[0], prints[1]);
}

TEST_F(GgufParts, AMissingPartIsNamed) {
  write("m-00001-of-00002.gguf", {.number = 0});
  expect_refused(ErrorCode::kNotFound,
                 {"part 1", "2 files", "part 2 is not there", "fetch m-00002-of-00002.gguf"});
  write("m-00003-of-00003.gguf", {.number = 2, .count = 3});
  expect_refused(ErrorCode::kNotFound, {"part 1 is not there"}, "m-00003-of-00003.gguf");
}

TEST_F(GgufParts, APartThatDoesNotBelongIsNamed) {
  const std::vector<std::pair<Part, std::vector<std::string>>> cases{
      {{.number = 0, .tensor = "b"}, {"m-00002-of-00002.gguf", "'split.no' is 0, expected 1"}},
      {{.number = 1, .count = 3, .tensor = "b"}, {"m-00002-of-00002.gguf", "'split.count' is 3, expected 2"}},
      {{.number = 1, .tensors = 5, .tensor = "b"},
       {"m-00002-of-00002.gguf", "'split.tensors.count' is 5, expected 2"}},
      {{.number = 1, .tensor = "b", .says_split = false},
       {"m-00002-of-00002.gguf", "'split.no' is no number"}},
      {{.number = 1, .tensor = "b", .context = 8}, {"m-00002-of-00002.gguf", "'x.context'", "another model"}},
      {{.number = 1, .tensor = "a"}, {"'a'"}}};
  for (const auto& [part, words] : cases) {
    SCOPED_TRACE(words.back());
    write_both();
    write("m-00002-of-00002.gguf", part);
    expect_refused(ErrorCode::kInput, words);
  }
  write("m-00002-of-00002.gguf", {.number = 1, .tensor = "b", .context = 7});  // the same again
  EXPECT_EQ(GgufFile::open(folder_.path() / "m-00002-of-00002.gguf").names().size(), 2U);
  write("m-00001-of-00002.gguf", {.number = 0, .tensors = 3, .context = 7});
  write("m-00002-of-00002.gguf", {.number = 1, .tensors = 3, .tensor = "b"});
  expect_refused(ErrorCode::kInput, {"hold 2 tensors", "is 3"});
}

TEST_F(GgufParts, AWholeFileMayBeCalledAnything) {
  write("m-00001-of-00001.gguf", {.says_split = false});
  EXPECT_EQ(GgufFile::open(folder_.path() / "m-00001-of-00001.gguf").names().size(), 1U);
  write("m-00000-of-00002.gguf", {.says_split = false});
  EXPECT_EQ(GgufFile::open(folder_.path() / "m-00000-of-00002.gguf").names().size(), 1U);
}

TEST_F(GgufParts, APartUnderAnotherNameIsRefused) {
  write("renamed.gguf", {.number = 0});
  expect_refused(ErrorCode::kUnsupported, {"renamed.gguf", "part 1", "2 files", "NAME-00001-of-00002.gguf"},
                 "renamed.gguf");
}

}  // namespace
}  // namespace tugline
