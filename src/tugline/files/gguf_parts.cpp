#include "tugline/files/gguf_parts.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/core/printable.h"
#include "tugline/files/model_folder.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNumber = "split.no";
constexpr const char* kCount = "split.count";
constexpr const char* kTensors = "split.tensors.count";

// The number before the end of `text`, which it is cut off from; no value if there is none.
std::optional<uint64_t> take_number(std::string_view& text) {
  const size_t begin = text.find_last_not_of("0123456789") + 1;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data() + begin, text.data() + text.size(), number);
  if (error != std::errc() || begin == text.size()) return std::nullopt;
  text = text.substr(0, begin);
  return number;
}

std::optional<uint64_t> number_in(const GgufContents& contents, const char* key) {
  const auto found = contents.metadata.find(key);
  if (found == contents.metadata.end()) return std::nullopt;
  if (const auto* number = std::get_if<uint64_t>(&found->second.value)) return *number;
  const auto* number = std::get_if<int64_t>(&found->second.value);
  if (number == nullptr || *number < 0) return std::nullopt;
  return static_cast<uint64_t>(*number);
}

std::string shown(const std::optional<uint64_t>& number) {
  return number ? std::to_string(*number) : "no number";
}

void expect_number(const GgufContents& part, const char* key, uint64_t expected, const fs::path& path) {
  const auto found = number_in(part, key);
  if (found != expected)
    fail(ErrorCode::kInput,
         "{}: is no part of this model, or damaged: metadata '{}' is {}, expected {} by the parts' names and "
         "the first part",
         path.string(), key, shown(found), expected);
}

bool is_same(const GgufValue& a, const GgufValue& b) {
  if (a.type != b.type || a.value.index() != b.value.index()) return false;
  const auto* array = std::get_if<GgufArray>(&a.value);
  if (array != nullptr) {
    const auto& other = std::get<GgufArray>(b.value);
    return array->type == other.type && std::ranges::equal(array->bytes, other.bytes) &&
           array->strings == other.strings;
  }
  return std::visit(
      [&](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, GgufArray>)
          return false;
        else
          return value == std::get<Value>(b.value);
      },
      a.value);
}

// Only the first part's metadata are read, so another part may say nothing else.
void check_metadata(const GgufContents& part, const GgufContents& first, const fs::path& path) {
  for (const auto& [key, value] : part.metadata) {
    if (key.starts_with("split.") || key == "general.alignment") continue;
    const auto known = first.metadata.find(key);
    if (known == first.metadata.end() || !is_same(known->second, value))
      fail(ErrorCode::kInput,
           "{}: its metadata '{}' is not that of the first part: it is part of another model", path.string(),
           printable(key));
  }
}

uint64_t tensors_of(const GgufContents& contents) {
  return contents.tensors.readable.size() + contents.tensors.unreadable.size();
}

}  // namespace

std::optional<GgufPartName> gguf_part_name(const fs::path& path) {
  constexpr std::string_view kOf = "-of-";
  const std::string stem = path.stem().string();
  std::string_view rest = stem;
  const auto count = take_number(rest);
  if (!count || *count < 2 || !rest.ends_with(kOf)) return std::nullopt;
  rest.remove_suffix(kOf.size());
  const auto number = take_number(rest);
  if (!number || *number < 1 || *number > *count || !rest.ends_with('-')) return std::nullopt;
  return GgufPartName{std::string(rest.substr(0, rest.size() - 1)), *number, *count};
}

std::vector<fs::path> gguf_part_paths(const fs::path& path, const GgufPartName& name) {
  constexpr uint64_t kMost = 99'999;  // five digits
  if (name.count > kMost) fail(ErrorCode::kInput, "{}: its name says {} parts", path.string(), name.count);
  std::vector<fs::path> paths;
  for (uint64_t number = 1; number <= name.count; ++number) {
    paths.push_back(path.parent_path() /
                    fmt::format("{}-{:05}-of-{:05}.gguf", name.model, number, name.count));
    if (!is_there(paths.back()))
      fail(ErrorCode::kNotFound,
           "{}: is part {} of a model in {} files, and part {} is not there{}: fetch {} into the same folder",
           path.string(), name.number, name.count, number, why_absent(paths.back()),
           paths.back().filename().string());
  }
  return paths;
}

GgufContents join_gguf_parts(std::vector<GgufContents> parts, const std::vector<fs::path>& paths) {
  GgufContents whole = std::move(parts.front());
  const auto tensors = number_in(whole, kTensors);
  for (size_t i = 0; i < parts.size(); ++i) {
    const GgufContents& part = i == 0 ? whole : parts[i];
    expect_number(part, kNumber, i, paths[i]);
    expect_number(part, kCount, parts.size(), paths[i]);
    if (tensors) expect_number(part, kTensors, *tensors, paths[i]);
    if (i == 0) continue;
    check_metadata(part, whole, paths[i]);
    std::ranges::move(parts[i].tensors.readable, std::back_inserter(whole.tensors.readable));
    std::ranges::move(parts[i].tensors.unreadable, std::back_inserter(whole.tensors.unreadable));
  }
  if (tensors && tensors_of(whole) != *tensors)
    fail(ErrorCode::kInput,
         "{}: its parts hold {} tensors, and metadata '{}' is {}: a part is of another model, or damaged",
         paths.front().string(), tensors_of(whole), kTensors, *tensors);
  for (const char* key : {kNumber, kCount, kTensors}) whole.metadata.erase(key);
  return whole;
}

void refuse_unnamed_part(const GgufContents& contents, const std::string& label) {
  const auto count = number_in(contents, kCount);
  if (!count || *count < 2) return;
  const uint64_t number = number_in(contents, kNumber).value_or(0) + 1;
  fail(ErrorCode::kUnsupported,
       "{}: is part {} of a model in {} files, which are found by their names: call it "
       "NAME-{:05}-of-{:05}.gguf, with the others "
       "beside it",
       label, number, *count, number, *count);
}

}  // namespace tugline
