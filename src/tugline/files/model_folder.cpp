#include "tugline/files/model_folder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <system_error>

#include "tugline/core/error.h"
#include "tugline/core/file_status.h"

namespace tugline {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kUnfinished =
    "the download has not finished: run the same `tugline fetch` or `hf download` again";

bool is_dangling(const fs::path& path) { return fs::is_symlink(link_status_of(path)) && !is_there(path); }

std::vector<fs::path> entries_if_any(const fs::path& directory) {
  return fs::is_directory(status_of(directory)) ? entries_of(directory) : std::vector<fs::path>{};
}

// A file that a download has begun: beside the model, where the hub's tools keep it for --local-dir, or among
// a cached repository's blobs.
std::optional<fs::path> unfinished_download(const fs::path& directory) {
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(directory, ignored);
  std::vector<fs::path> places{whole, whole / ".cache" / "huggingface" / "download"};
  if (whole.parent_path().filename() == "snapshots")
    places.push_back(whole.parent_path().parent_path() / "blobs");
  for (const fs::path& place : places)
    for (const fs::path& entry : entries_if_any(place))
      if (entry.extension() == ".incomplete" || entry.extension() == ".part") return entry;
  return std::nullopt;
}

struct Format {
  std::string_view begin;
  std::string_view end;
  std::string_view advice;
};

constexpr std::string_view kConvert =
    ", pickled weights, which tugline does not read because loading them runs code; fetch the model's "
    "safetensors, or write "
    "them with transformers: AutoModelForCausalLM.from_pretrained(IN).save_pretrained(OUT)";
constexpr std::string_view kOtherLayout =
    ", the layout of the model's authors and not the hub's; fetch the files that transformers uses, or "
    "convert them with "
    "its conversion script";

// Told apart by name; the first that fits.
constexpr std::array kFormats{
    Format{"model-", ".safetensors",
           ", a shard, but no model.safetensors.index.json, which says what the shards are; fetch it"},
    Format{"consolidated", ".pth", kOtherLayout},
    Format{"consolidated", ".safetensors", kOtherLayout},
    Format{"pytorch_model", ".bin", kConvert},
    Format{"", ".bin", kConvert},
    Format{"", ".pth", kConvert},
    Format{"", ".pt", kConvert},
    Format{"", ".ckpt", kConvert},
    Format{
        "", ".safetensors",
        ", which is not the name that transformers gives to a whole model's weights; if it is that, call it "
        "model.safetensors"},
    Format{"", ".gguf", ": name that file"},
    Format{"", ".h5", ", TensorFlow's weights; fetch the safetensors"},
    Format{"", ".msgpack", ", Flax's weights; fetch the safetensors"},
    Format{"", ".onnx", ", an ONNX graph; fetch the safetensors"}};

bool fits(const Format& format, const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(format.begin) && name.ends_with(format.end);
}

}  // namespace

bool is_adapter(const fs::path& path) {
  const std::string name = path.filename().string();
  constexpr std::array<std::string_view, 4> kWeights{".safetensors", ".bin", ".pt", ".npz"};
  return name == "adapter_config.json" ||
         (name.starts_with("adapter") && std::ranges::count(kWeights, path.extension().string()) > 0);
}

std::vector<fs::path> entries_of(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    entries.push_back(at->path());
  }
  if (error)
    fail(ErrorCode::kIo, "{}: the directory cannot be listed: {}", directory.string(), error.message());
  std::ranges::sort(entries);
  return entries;
}

std::string why_absent(const fs::path& file) {
  std::error_code ignored;
  if (is_dangling(file))
    return fmt::format(": it links to {}, which is not there; {}", fs::read_symlink(file, ignored).string(),
                       kUnfinished);
  if (const auto part = unfinished_download(file.parent_path()))
    return fmt::format(": there is {}; {}", part->string(), kUnfinished);
  return "";
}

std::string weights_instead(const fs::path& directory) {
  const std::vector<fs::path> entries = entries_of(directory);
  for (const fs::path& entry : entries)
    if (is_dangling(entry)) return fmt::format("; {}{}", entry.filename().string(), why_absent(entry));
  if (const auto part = unfinished_download(directory))
    return fmt::format("; there is {}: {}", part->string(), kUnfinished);
  for (const Format& format : kFormats) {
    const auto found =
        std::ranges::find_if(entries, [&](const fs::path& path) { return fits(format, path); });
    if (found != entries.end())
      return fmt::format("; it holds {}{}", found->filename().string(), format.advice);
  }
  return "";
}

bool holds_weights(const fs::path& directory) {
  const std::vector<fs::path> entries = entries_of(directory);
  return std::ranges::any_of(entries, is_adapter) || is_there(directory / "model.safetensors.index.json") ||
         !weights_instead(directory).empty();
}

void refuse_adapter(const fs::path& directory) {
  const std::vector<fs::path> entries = entries_of(directory);
  const auto found = std::ranges::find_if(entries, is_adapter);
  if (found == entries.end()) return;
  fail(ErrorCode::kUnsupported,
       "{}: is an adapter (LoRA or the like), which tugline does not apply, and the model without it is "
       "another one; merge it into "
       "its base model (PEFT's merge_and_unload) and save that, or take the adapter's files out of the "
       "directory",
       found->string());
}

}  // namespace tugline
