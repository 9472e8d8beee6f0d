// Digests of files: equal to what the documentation says, changed by every byte, and cached without ever
// being those of another state of the file.
#include "tugline/files/file_digest.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "tugline/core/error.h"
#include "tugline/files/memory_tensors.h"
#include "tugline/files/model_digests.h"

namespace tugline {
namespace {

// Computed by the program in docs/formats.md, "Digests of files".
constexpr const char* kOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kOfAbc = "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358";
constexpr const char* kOf20MiBOfX = "e566bc6af2031f5f05e70d4112141664ef51e2ae459dafc0fcc771309464b0a1";

class FileDigest : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  // With a cache for files of every size.
  [[nodiscard]] DigestCall cached() {
    return {.warn = [this](const std::string& sentence) { warnings_.push_back(sentence); },
            .cache = folder_ / "cache",
            .smallest_cached = 0};
  }
  // Makes the file look as if it had not changed for an hour; its attributes did just now.
  static void age(const std::filesystem::path& path) {
    const timespec hour_ago{::time(nullptr) - 3600, 123};
    const timespec times[2] = {hour_ago, hour_ago};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  [[nodiscard]] std::filesystem::path only_entry() const {
    return std::filesystem::directory_iterator(folder_ / "cache")->path();
  }
  TemporaryFolder folder_;
  std::vector<std::string> warnings_;
};

TEST_F(FileDigest, IsTheHashOfTheBlocksHashes) {
  EXPECT_EQ(file_digest(write("empty", "")), kOfNothing);
  EXPECT_EQ(file_digest(write("abc", "abc")), kOfAbc);
  const std::string big(20 << 20, 'x');  // more than a block
  EXPECT_EQ(file_digest(write("big", big)), kOf20MiBOfX);
  EXPECT_EQ(bytes_digest(std::as_bytes(std::span(big))), kOf20MiBOfX);
}

TEST_F(FileDigest, EveryByteCounts) {
  std::string content((16 << 20) + 7, 'x');
  const std::string before = bytes_digest(std::as_bytes(std::span(content)));
  for (const size_t at : {size_t{0}, content.size() / 2, size_t{16 << 20}, content.size() - 1}) {
    content[at] ^= 1;
    EXPECT_NE(bytes_digest(std::as_bytes(std::span(content))), before) << at;
    content[at] ^= 1;
  }
}

TEST_F(FileDigest, AFileThatHasJustChangedIsNotCached) {
  const auto path = write("abc", "abc");
  EXPECT_EQ(file_digest(path, cached()), kOfAbc);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "cache"));
  // Nor one whose time was set back: the time of the last change of attributes says so.
  age(path);
  EXPECT_EQ(file_digest(path, cached()), kOfAbc);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "cache"));
}

TEST_F(FileDigest, ACachedDigestIsUsedUntilTheFileChanges) {
  const auto path = write("abc", "abc");
  ::sleep(3);
  EXPECT_EQ(file_digest(path, cached()), kOfAbc);
  ASSERT_TRUE(std::filesystem::exists(folder_ / "cache"));
  EXPECT_EQ(file_digest(path, cached()), kOfAbc);
  // The same size, and the same time of the last change of content.
  struct stat state {};
  ASSERT_EQ(::stat(path.c_str(), &state), 0);
  write("abc", "abd");
  const timespec times[2] = {state.st_atim, state.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  EXPECT_NE(file_digest(path, cached()), kOfAbc);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(FileDigest, ADamagedEntryIsIgnoredWithAWarning) {
  const auto path = write("abc", "abc");
  ::sleep(3);
  EXPECT_EQ(file_digest(path, cached()), kOfAbc);
  std::string entry;
  std::getline(std::ifstream(only_entry()), entry, '\0');
  std::string other = entry;
  other.replace(other.find("4f8b42"), 6, "000000");
  for (const std::string& damaged :
       {std::string(), std::string("{"), std::string("[]"), std::string("{\"state\": 1}"),
        entry.substr(0, entry.size() / 2), other}) {
    warnings_.clear();
    std::ofstream(only_entry(), std::ios::binary) << damaged;
    EXPECT_EQ(file_digest(path, cached()), kOfAbc) << damaged;
    ASSERT_EQ(warnings_.size(), 1U) << damaged;
    EXPECT_NE(warnings_.front().find("cache"), std::string::npos);
  }
  warnings_.clear();
  const std::filesystem::path broken = only_entry();
  std::filesystem::remove(broken);
  std::filesystem::create_symlink("/proc/self/mem", broken);  // opens, but reading it is refused
  EXPECT_EQ(file_digest(path, cached()), kOfAbc);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_.front().find("cannot be read to its end"), std::string::npos);
}

TEST_F(FileDigest, AFolderThatCannotBeWrittenIsNoError) {
  const auto path = write("abc", "abc");
  DigestCall call = cached();
  call.cache = path / "cache";  // in a file
  EXPECT_EQ(file_digest(path, call), kOfAbc);
}

TEST_F(FileDigest, ErrorsNameTheFile) {
  try {
    (void)file_digest(folder_ / "absent");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kNotFound);
    EXPECT_NE(std::string(e.what()).find("absent"), std::string::npos);
  }
  const auto path = write("abc", "abc");
  EXPECT_THROW((void)file_digest(path, {.keep_going = [] { return false; }}), Error);
}

TEST_F(FileDigest, AModelsFilesAreNamedByTheirPlaceInIt) {
  const auto names_of = [](const std::string& model) {
    std::vector<std::string> names;
    for (const ModelFileDigest& file : model_digests(resolve_model(model), {})) names.push_back(file.name);
    return names;
  };
  EXPECT_EQ(names_of(TUGLINE_FIXTURES "/tiny_model"),
            (std::vector<std::string>{"model.safetensors", "config.json", "tokenizer.json"}));
  EXPECT_EQ(names_of(TUGLINE_FIXTURES "/models/llama.gguf"), std::vector<std::string>{"gguf"});
  write("config.json", "{}");
  write("model.safetensors.index.json", R"({"weight_map":{"a":"two.safetensors","b":"one.safetensors"}})");
  write("one.safetensors", "1");
  write("two.safetensors", "2");
  EXPECT_EQ(names_of(folder_.path().string()),
            (std::vector<std::string>{"model.safetensors.index.json", "one.safetensors", "two.safetensors",
                                      "config.json"}));
  write("m-00001-of-00002.gguf", "1");
  write("m-00002-of-00002.gguf", "2");
  EXPECT_EQ(names_of((folder_ / "m-00001-of-00002.gguf").string()),
            (std::vector<std::string>{"gguf-00001-of-00002", "gguf-00002-of-00002"}));
}

std::string digest_in_memory(const std::string& name, std::vector<int64_t> shape,
                             const std::vector<float>& values) {
  ModelSource source = resolve_model(TUGLINE_FIXTURES "/tiny_model");
  TensorView tensor{.name = name,
                    .dtype = DType::kF32,
                    .shape = std::move(shape),
                    .bytes = std::as_bytes(std::span(values))};
  source.tensors = std::make_shared<const MemoryTensors>(std::vector{tensor}, nullptr);
  const ModelFileDigest last = model_digests(source, {}).back();
  EXPECT_EQ(last.name, "memory");
  return last.digest;
}

TEST(ModelDigests, OfWeightsInMemoryAreOfNamesShapesAndBytes) {
  const std::string one = digest_in_memory("a", {2, 1}, {1, 2});
  EXPECT_EQ(one, digest_in_memory("a", {2, 1}, {1, 2}));
  EXPECT_NE(one, digest_in_memory("b", {2, 1}, {1, 2}));
  EXPECT_NE(one, digest_in_memory("a", {1, 2}, {1, 2}));
  EXPECT_NE(one, digest_in_memory("a", {2, 1}, {1, 3}));
}

}  // namespace
}  // namespace tugline
