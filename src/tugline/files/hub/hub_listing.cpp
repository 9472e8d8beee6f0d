#include "tugline/files/hub/hub_listing.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tugline/core/error.h"
#include "tugline/core/printable.h"
#include "tugline/core/strict_json.h"
#include "tugline/files/hub/hub_model.h"
#include "tugline/files/model_folder.h"
#include "tugline/files/safetensors.h"

namespace tugline {
namespace {

using Json = nlohmann::json;

// The last two are those that a model cannot be without: they are linked last, so that a snapshot that has
// them has the others too.
constexpr std::array kSmallFiles{"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
                                 "tokenizer.json", "config.json"};

bool is_hex(std::string_view text, size_t size) {
  return text.size() == size &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// A checksum, or nothing if the hub gives none. Throws for another value.
std::string checksum(const Json& object, const char* field, size_t digits, const std::string& what) {
  const auto found = object.find(field);
  if (found == object.end() || found->is_null()) return "";
  if (found->is_string() && is_hex(found->get_ref<const std::string&>(), digits)) return *found;
  fail(ErrorCode::kInput, "{} has the {} {}, expected {} hexadecimal digits", what, field, shown(*found),
       digits);
}

std::optional<int64_t> size_of(const Json& object, const std::string& what) {
  const auto found = object.find("size");
  if (found == object.end() || found->is_null()) return std::nullopt;
  if (found->is_number_unsigned() && found->get<uint64_t>() <= (uint64_t{1} << 62))
    return found->get<int64_t>();
  fail(ErrorCode::kInput, "{} has the size {}, expected a number of bytes", what, shown(*found));
}

HubFile parse_file(const Json& entry, const std::string& label) {
  if (!entry.is_object() || !entry.contains("rfilename") || !entry["rfilename"].is_string())
    fail(ErrorCode::kInput, "{}: 'siblings' holds {}, expected a file with an 'rfilename'", label,
         shown(entry));
  HubFile file{.name = entry["rfilename"]};
  const std::string what = fmt::format("{}: file '{}'", label, printable(file.name));
  file.size = size_of(entry, what);
  if (const auto lfs = entry.find("lfs"); lfs != entry.end() && lfs->is_object()) {
    file.sha256 = checksum(*lfs, "sha256", 64, what);
    if (const auto size = size_of(*lfs, what)) file.size = size;
  } else {
    file.git_sha1 = checksum(entry, "blobId", 40, what);
  }
  return file;
}

bool is_weights(const HubFile& file) {
  constexpr std::array<std::string_view, 9> kEndings{".safetensors", ".bin",  ".pt",      ".pth", ".gguf",
                                                     ".h5",          ".onnx", ".msgpack", ".npz"};
  return std::ranges::any_of(kEndings, [&](std::string_view end) { return file.name.ends_with(end); });
}

// The first few names, for a message.
std::string shown_names(const std::vector<HubFile>& files) {
  constexpr size_t kMost = 5;
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(files.size(), kMost); ++i) names.push_back(printable(files[i].name));
  if (files.size() > kMost) names.push_back(fmt::format("and {} more", files.size() - kMost));
  return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
}

std::string advice_for(const std::vector<HubFile>& weights) {
  const auto any = [&](std::string_view end) {
    return std::ranges::any_of(weights, [&](const HubFile& file) { return file.name.ends_with(end); });
  };
  if (any(".gguf")) return "; fetch the GGUF file that you want and give its path";
  if (any(".bin") || any(".pt") || any(".pth"))
    return "; pickled weights are not read because loading them runs code: look for another revision or a "
           "copy of "
           "the model with safetensors";
  return "";
}

}  // namespace

const HubFile* HubListing::find(std::string_view name) const {
  const auto found = std::ranges::find(files, name, &HubFile::name);
  return found == files.end() ? nullptr : &*found;
}

HubListing parse_hub_listing(std::string_view json, const std::string& label) {
  const Json answer = parse_strict_json(json, label);
  const auto field = [&](const char* name) {
    return answer.is_object() ? answer.value(name, Json()) : Json();
  };
  const Json commit = field("sha");
  const Json siblings = field("siblings");
  if (!commit.is_string() || !is_commit(commit.get_ref<const std::string&>()))
    fail(ErrorCode::kInput, "{}: 'sha' is {}, expected a commit of 40 hexadecimal digits", label,
         shown(commit));
  if (!siblings.is_array())
    fail(ErrorCode::kInput, "{}: 'siblings' is {}, expected a list of files", label, shown(siblings));
  HubListing listing{.commit = commit, .files = {}};
  for (const Json& entry : siblings) listing.files.push_back(parse_file(entry, label));
  return listing;
}

std::vector<HubFile> small_files_of(const HubListing& listing, const std::string& label) {
  for (const HubFile& file : listing.files)
    if (file.name.find('/') == std::string::npos && is_adapter(file.name))
      fail(ErrorCode::kUnsupported,
           "{}: holds {}: it is an adapter (LoRA or the like), which tugline does not apply; merge it into "
           "its base "
           "model (PEFT's merge_and_unload), save that and give its path",
           label, printable(file.name));
  std::vector<HubFile> small;
  for (const char* name : kSmallFiles)
    if (const HubFile* file = listing.find(name)) small.push_back(*file);
  if (listing.find("config.json") == nullptr && listing.find("tokenizer.json") == nullptr)
    fail(ErrorCode::kUnsupported,
         "{}: holds neither config.json nor tokenizer.json, which a model in transformers' layout has; it "
         "holds {}",
         label, shown_names(listing.files));
  return small;
}

const HubFile& weights_of(const HubListing& listing, const std::string& label) {
  for (const char* name : {kWholeSafetensors, kSafetensorsIndex})
    if (const HubFile* file = listing.find(name)) return *file;
  std::vector<HubFile> weights;
  std::ranges::copy_if(listing.files, std::back_inserter(weights), is_weights);
  fail(ErrorCode::kUnsupported, "{}: has neither {} nor {}; its weights are {}{}", label, kWholeSafetensors,
       kSafetensorsIndex, shown_names(weights), advice_for(weights));
}

}  // namespace tugline
