// What is read of the hub's words: names, listings, ETags, checksums.
#include "tugline/files/hub/hub_listing.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "tugline/files/hub/digest.h"
#include "tugline/files/hub/hub_api.h"
#include "tugline/files/hub/hub_model.h"

namespace tugline {
namespace {

const std::string kCommit(40, 'a');
const std::string kSha256(64, 'b');

HubListing listing_of(const std::vector<std::string>& files) {
  HubListing listing{.commit = kCommit, .files = {}};
  for (const std::string& file : files) listing.files.push_back({.name = file});
  return listing;
}

std::string joined(const std::vector<HubFile>& files) {
  std::string names;
  for (const HubFile& file : files) names += file.name + " ";
  return names;
}

TEST(HubModel, NamesAndRevisions) {
  const auto model = parse_hub_model("Qwen/Qwen2.5-0.5B@refs/pr/3");
  ASSERT_TRUE(model);
  EXPECT_EQ(model->repository(), "Qwen/Qwen2.5-0.5B");
  EXPECT_EQ(model->wanted_revision(), "refs/pr/3");
  EXPECT_EQ(model->text(), "Qwen/Qwen2.5-0.5B@refs/pr/3");
  EXPECT_EQ(parse_hub_model("a/b")->wanted_revision(), "main");
  for (const char* accepted : {"a/b@v1.0", "a/b@feature/x", "a_1/B-2.c@0f0f0f0"})
    EXPECT_TRUE(parse_hub_model(accepted)) << accepted;
  for (const char* refused :
       {"",         "a",          "a/",     "/b",         "a/b/c",  "a/b@",    "a/b@/x",
        "a/b@x/",   "a/b@x//y",   "a/b@..", "a/b@x/../y", "a/b@.x", "a/b@x y", "a/b@x~1",
        "a/b@-x",   "a/b@x.lock", "../b",   "a/..",       "a/b..c", "a--b/c",  "a/b.gguf",
        "a/b@x\ny", "~/b",        "a b/c",  "a/b?x"})
    EXPECT_FALSE(parse_hub_model(refused)) << refused;
}

TEST(HubListing, FilesWithSizesAndChecksums) {
  const HubListing listing = parse_hub_listing(
      R"({"sha": ")" + kCommit +
          R"(", "gated": false, "siblings": [{"rfilename": "config.json", "size": 3, "blobId": ")" + kCommit +
          R"("}, {"rfilename": "m.safetensors", "size": 130, "blobId": "x", "lfs": {"sha256": ")" + kSha256 +
          R"(", "size": 5000000000, "pointerSize": 130}}, {"rfilename": "bare"}]})",
      "api");
  EXPECT_EQ(listing.commit, kCommit);
  EXPECT_EQ(listing.find("config.json")->size, 3);
  EXPECT_EQ(listing.find("config.json")->git_sha1, kCommit);
  EXPECT_EQ(listing.find("m.safetensors")->size, 5'000'000'000);
  EXPECT_EQ(listing.find("m.safetensors")->sha256, kSha256);
  EXPECT_FALSE(listing.find("bare")->size);
  EXPECT_EQ(listing.find("other"), nullptr);
}

TEST(HubListing, LiesAreRefusedByName) {
  const auto expect_refused = [](const std::string& siblings, const std::vector<std::string>& parts) {
    expect_error(ErrorCode::kInput, parts, [&] {
      static_cast<void>(
          parse_hub_listing(R"({"sha": ")" + kCommit + R"(", "siblings": )" + siblings + "}", "api"));
    });
  };
  expect_refused("{}", {"api", "'siblings'"});
  expect_refused(R"([{"rfilename": 3}])", {"rfilename"});
  expect_refused(R"([{"rfilename": "f", "size": -1}])", {"'f'", "size -1"});
  expect_refused(R"([{"rfilename": "f", "size": 1e30}])", {"'f'", "size"});
  expect_refused(R"([{"rfilename": "f", "blobId": "../../x"}])", {"'f'", "blobId", "40"});
  expect_refused(R"([{"rfilename": "f", "lfs": {"sha256": "ABC"}}])", {"'f'", "sha256", "64"});
}

TEST(HubListing, WhatIsFetched) {
  const HubListing whole =
      listing_of({"README.md", "config.json", "model.safetensors", "model.safetensors.index.json",
                  "onnx/model.onnx", "original/consolidated.00.pth", "tokenizer.json",
                  "tokenizer_config.json", "lora/adapter_config.json"});
  EXPECT_EQ(joined(small_files_of(whole, "m")), "tokenizer_config.json tokenizer.json config.json ");
  EXPECT_EQ(weights_of(whole, "m").name, "model.safetensors");
  EXPECT_EQ(weights_of(listing_of({"model.safetensors.index.json"}), "m").name,
            "model.safetensors.index.json");
  const auto expect_refused = [](const std::vector<std::string>& files,
                                 const std::vector<std::string>& parts) {
    expect_error(ErrorCode::kUnsupported, parts, [&] {
      const HubListing listing = listing_of(files);
      static_cast<void>(small_files_of(listing, "m"));
      static_cast<void>(weights_of(listing, "m"));
    });
  };
  expect_refused({"config.json", "pytorch_model.bin"}, {"pytorch_model.bin", "pickled"});
  expect_refused({"config.json", "a.gguf", "b.gguf", "c.gguf", "d.gguf", "e.gguf", "f.gguf"},
                 {"a.gguf", "and 1 more", "GGUF file"});
  expect_refused({"config.json", "model.safetensors", "adapter_model.safetensors"},
                 {"adapter_model.safetensors", "merge"});
  expect_refused({"a.gguf"}, {"neither config.json nor tokenizer.json", "a.gguf"});
}

TEST(HubEtag, IsWithoutQuotesAndWeakness) {
  EXPECT_EQ(normalised_etag("\"abc\""), "abc");
  EXPECT_EQ(normalised_etag("W/\"abc\""), "abc");
  EXPECT_EQ(normalised_etag("abc"), "abc");
  EXPECT_EQ(normalised_etag(""), "");
}

// By sha256sum and `git hash-object`.
TEST(HubDigest, IsThatOfTheTools) {
  const auto digest = [](DigestKind kind, std::string_view text) {
    Digest sum(kind, text.size());
    for (const char c : text) sum.add(std::as_bytes(std::span(&c, 1)));
    return sum.finish();
  };
  EXPECT_EQ(digest(DigestKind::kSha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest(DigestKind::kGitBlob, "hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
}

}  // namespace
}  // namespace tugline
