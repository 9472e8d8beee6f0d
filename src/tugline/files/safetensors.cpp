#include "tugline/files/safetensors.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/core/strict_json.h"
#include "tugline/files/byte_reader.h"
#include "tugline/files/mapped_file.h"
#include "tugline/files/model_folder.h"
#include "tugline/files/safetensors_header.h"
#include "tugline/files/tensor_table.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
// Shard file -> the tensors that the index says it holds.
using ShardMap = std::map<std::string, std::vector<std::string>>;

class SafetensorsSource final : public TensorSource {
 public:
  SafetensorsSource(std::string path, std::vector<MappedFile> files, FileTensors tensors)
      : path_(std::move(path)), files_(std::move(files)), table_(std::move(tensors), path_) {}

  [[nodiscard]] const TensorView* find(std::string_view name) const override { return table_.find(name); }
  [[nodiscard]] std::vector<std::string> names() const override { return table_.names(); }
  [[nodiscard]] std::span<const UnreadableTensor> unreadable() const override { return table_.unreadable(); }
  [[nodiscard]] std::string path() const override { return path_; }
  void release(std::span<const std::byte> bytes) const override {
    for (const MappedFile& file : files_) file.release(bytes);
  }

 private:
  std::string path_;
  std::vector<MappedFile> files_;  // what the views in table_ point into
  TensorTable table_;
};

std::unique_ptr<TensorSource> open_file(const fs::path& path) {
  std::vector<MappedFile> files;
  files.push_back(MappedFile::open(path));
  auto tensors = read_safetensors_header(files.back().bytes(), path.string());
  return std::make_unique<SafetensorsSource>(path.string(), std::move(files), std::move(tensors));
}

// An index may name files beside itself or below, no others. "x/../y" is refused too: if x is a link, that is
// a place beside what it links to.
void check_shard_name(const std::string& shard, const fs::path& index) {
  const fs::path path(shard);
  const bool inside = !shard.empty() && shard.find('\0') == std::string::npos && path.is_relative() &&
                      std::ranges::find(path, "..") == path.end();
  if (!inside) {
    fail(ErrorCode::kInput, "{}: weight_map names the shard '{}', which is not inside the model's directory",
         index.string(), printable(shard));
  }
}

ShardMap read_index(const fs::path& path) {
  const MappedFile file = MappedFile::open(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  const Json index = parse_strict_json(text, path.string());
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object()) {
    fail(ErrorCode::kInput, "{}: has no object 'weight_map', which says where each tensor is", path.string());
  }
  ShardMap shards;
  for (const auto& [tensor, shard] : index["weight_map"].items()) {
    if (!shard.is_string()) {
      fail(ErrorCode::kInput, "{}: weight_map: tensor '{}' maps to {}, expected a file name", path.string(),
           printable(tensor), shard.type_name());
    }
    shards[shard.get<std::string>()].push_back(tensor);
  }
  for (const auto& [shard, tensors] : shards) check_shard_name(shard, path);
  return shards;
}

MappedFile open_shard(const fs::path& directory, const std::string& shard) {
  const fs::path path = directory / shard;
  if (!is_there(path)) {
    fail(ErrorCode::kNotFound, "{}: {} names this shard, but it is not there{}; fetch it", path.string(),
         kSafetensorsIndex, why_absent(path));
  }
  return MappedFile::open(path);
}

void check_mapped(const FileTensors& tensors, const std::vector<std::string>& mapped,
                  const std::string& label) {
  std::set<std::string_view> held;
  for (const TensorView& tensor : tensors.readable) held.insert(tensor.name);
  for (const UnreadableTensor& tensor : tensors.unreadable) held.insert(tensor.name);
  for (const std::string& name : mapped)
    if (!held.contains(name))
      fail(ErrorCode::kInput, "{}: has no tensor '{}', which {} says is there", label, printable(name),
           kSafetensorsIndex);
}

std::unique_ptr<TensorSource> open_shards(const fs::path& directory) {
  std::vector<MappedFile> files;
  FileTensors tensors;
  for (const auto& [shard, mapped] : read_index(directory / kSafetensorsIndex)) {
    files.push_back(open_shard(directory, shard));
    const std::string label = (directory / shard).string();
    FileTensors part = read_safetensors_header(files.back().bytes(), label);
    check_mapped(part, mapped, label);
    std::ranges::move(part.readable, std::back_inserter(tensors.readable));
    std::ranges::move(part.unreadable, std::back_inserter(tensors.unreadable));
  }
  return std::make_unique<SafetensorsSource>(directory.string(), std::move(files), std::move(tensors));
}

}  // namespace

std::unique_ptr<TensorSource> open_safetensors(const fs::path& path) {
  if (!fs::is_directory(status_of(path))) return open_file(path);
  refuse_adapter(path);
  if (is_there(path / kWholeSafetensors)) return open_file(path / kWholeSafetensors);
  if (is_there(path / kSafetensorsIndex)) return open_shards(path);
  fail(ErrorCode::kNotFound, "{}: holds neither {} nor {}{}", path.string(), kWholeSafetensors,
       kSafetensorsIndex, weights_instead(path));
}

std::unique_ptr<TensorSource> parse_safetensors(std::span<const std::byte> bytes, const std::string& label) {
  return std::make_unique<SafetensorsSource>(label, std::vector<MappedFile>{},
                                             read_safetensors_header(bytes, label));
}

std::vector<std::string> shards_of_index(const fs::path& index) {
  std::vector<std::string> names;
  for (const auto& [shard, tensors] : read_index(index)) names.push_back(shard);
  return names;
}

std::vector<std::string> unread_safetensors(const fs::path& directory) {
  const bool is_whole = is_there(directory / kWholeSafetensors);
  if (!is_whole && !is_there(directory / kSafetensorsIndex)) return {};
  const std::vector<std::string> read =
      is_whole ? std::vector<std::string>{kWholeSafetensors} : shards_of_index(directory / kSafetensorsIndex);
  std::vector<std::string> unread;
  for (const fs::path& entry : entries_of(directory)) {
    const std::string name = entry.filename().string();
    if (name.starts_with("model") && name.ends_with(".safetensors") &&
        std::ranges::find(read, name) == read.end())
      unread.push_back(name);
  }
  return unread;
}

std::map<std::string, std::string> safetensors_metadata(const fs::path& path) {
  return read_safetensors_metadata(MappedFile::open(path).bytes(), path.string());
}

}  // namespace tugline
