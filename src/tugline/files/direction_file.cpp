#include "tugline/files/direction_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/files/byte_reader.h"
#include "tugline/files/gguf.h"
#include "tugline/files/mapped_file.h"
#include "tugline/files/npy.h"
#include "tugline/files/safetensors.h"
#include "tugline/files/zip_file.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNpy = ".npy";
// Files of named arrays.
constexpr std::string_view kNpz = ".npz";
constexpr std::string_view kSafetensors = ".safetensors";
constexpr std::string_view kGguf = ".gguf";
constexpr std::array kNamed{kNpz, kSafetensors, kGguf};

struct FileAndArray {
  std::string file;
  std::optional<std::string> array;
};

// An array as a file holds it, before its numbers are read.
struct StoredArray {
  std::string name;  // empty for the only one of a .npy
  std::string type;  // for messages
  std::vector<int64_t> shape;
  bool is_float = false;  // f16, bf16, f32 or f64
  std::function<std::vector<double>()> values;

  [[nodiscard]] bool can_be_directions() const {
    return is_float && (shape.size() == 1 || shape.size() == 2);
  }
};

// Keeps alive what the arrays' functions read from.
struct StoredFile {
  std::vector<StoredArray> arrays;
  std::map<std::string, std::string> metadata;
};

// "F.safetensors:case0" is a file and an array, unless a file has that whole name.
FileAndArray split_argument(const std::string& argument) {
  if (is_there(argument)) return {argument, std::nullopt};
  for (const std::string_view suffix : kNamed) {
    const size_t colon = argument.rfind(std::string(suffix) + ":");
    if (colon == std::string::npos) continue;
    const size_t end = colon + suffix.size();
    return {argument.substr(0, end), argument.substr(end + 1)};
  }
  return {argument, std::nullopt};
}

template <typename T>
std::vector<double> widen(std::span<const std::byte> bytes) {
  std::vector<double> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    values[i] = static_cast<double>(value);
  }
  return values;
}

// The values of a tensor of F16, BF16, F32 or F64, exact.
std::vector<double> values_of(const TensorView& tensor) {
  if (tensor.dtype == DType::kF64) return widen<double>(tensor.bytes);
  std::vector<float> values(static_cast<size_t>(tensor.elements()));
  dequantise(tensor, 0, values);
  return {values.begin(), values.end()};
}

bool is_float(DType type) {
  return type == DType::kF16 || type == DType::kBF16 || type == DType::kF32 || type == DType::kF64;
}

void add_tensors(const std::shared_ptr<const TensorSource>& source, StoredFile& file) {
  for (const std::string& name : source->names()) {
    const TensorView& tensor = *source->find(name);
    file.arrays.push_back({.name = name,
                           .type = std::string(name_of(tensor.dtype)),
                           .shape = tensor.shape,
                           .is_float = is_float(tensor.dtype),
                           .values = [source, &tensor] { return values_of(tensor); }});
  }
  for (const UnreadableTensor& other : source->unreadable())
    file.arrays.push_back({.name = other.name, .type = other.type, .shape = {}, .values = {}});
}

StoredFile stored_in_safetensors(const std::string& path) {
  StoredFile file;
  add_tensors(open_safetensors(path), file);
  file.metadata = safetensors_metadata(path);
  return file;
}

StoredFile stored_in_gguf(const std::string& path) {
  StoredFile file;
  const auto source = std::make_shared<GgufFile>(GgufFile::open(path));
  add_tensors(source, file);
  if (const auto hint = source->optional_string(kModelHint)) file.metadata[std::string(kModelHint)] = *hint;
  return file;
}

void add_npy(const std::shared_ptr<const std::vector<std::byte>>& content, const std::string& name,
             const std::string& label, StoredFile& file) {
  const NpyArray array = parse_npy(*content, label);
  file.arrays.push_back({.name = name,
                         .type = "'" + printable(array.type) + "'",
                         .shape = array.shape,
                         .is_float = array.is_float(),
                         .values = [content, array] { return array.values(); }});
}

StoredFile stored_in_npy(const std::string& path) {
  StoredFile file;
  const MappedFile mapped = MappedFile::open(path);
  add_npy(std::make_shared<std::vector<std::byte>>(mapped.bytes().begin(), mapped.bytes().end()), "", path,
          file);
  return file;
}

// Two lines of Python, for what only Python can read.
[[noreturn]] void refuse_pickle(const std::string& path) {
  fail(ErrorCode::kUnsupported,
       "{0}: is a pickle, as torch.save and pickle.dump write them; such a file is a program, which tugline "
       "does not run. Convert it in "
       "Python:\n  import numpy, torch\n"
       "  numpy.save(\"{1}\", torch.load(\"{0}\", map_location=\"cpu\").detach().double().numpy())",
       path, fs::path(path).replace_extension(kNpy).string());
}

StoredFile stored_in_npz(const std::string& path) {
  StoredFile file;
  const MappedFile mapped = MappedFile::open(path);
  for (const ZipMember& member : read_zip_directory(mapped.bytes(), path)) {
    if (member.name.ends_with(".pkl")) refuse_pickle(path);
    if (!member.name.ends_with(kNpy)) continue;  // no array
    const std::string label = fmt::format("{}: '{}'", path, printable(member.name));
    add_npy(std::make_shared<std::vector<std::byte>>(unzipped(member, label)),
            member.name.substr(0, member.name.size() - kNpy.size()), label, file);
  }
  return file;
}

StoredFile stored_in(const std::string& path) {
  if (fs::is_directory(status_of(path)))
    fail(ErrorCode::kUsage, "{}: expected a .npy, .npz, .safetensors or .gguf file, found a directory", path);
  if (path.ends_with(kNpy)) return stored_in_npy(path);
  if (path.ends_with(kNpz)) return stored_in_npz(path);
  if (path.ends_with(kSafetensors)) return stored_in_safetensors(path);
  if (path.ends_with(kGguf)) return stored_in_gguf(path);
  for (const char* pickle : {".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle"})
    if (path.ends_with(pickle)) refuse_pickle(path);
  fail(ErrorCode::kUsage,
       "{}: expected a file named .npy, .npz, .safetensors or .gguf; :NAME after one of the last three "
       "chooses an array",
       path);
}

std::string listed(const std::vector<StoredArray>& arrays) {
  constexpr size_t kMost = 10;
  std::string list;
  for (size_t i = 0; i < arrays.size() && i < kMost; ++i)
    list += (i == 0 ? "" : ", ") + printable(arrays[i].name);
  return arrays.size() > kMost ? list + ", ..." : list;
}

void check_finite(const DirectionArray& array) {
  for (size_t i = 0; i < array.values.size(); ++i) {
    if (std::isfinite(array.values[i])) continue;
    const auto columns = static_cast<size_t>(array.columns);
    fail(ErrorCode::kInput, "{}: row {}, column {} is {}, expected a finite number", array.name, i / columns,
         i % columns, array.values[i]);
  }
}

DirectionArray directions_of(const StoredArray& stored, const std::string& file) {
  DirectionArray array;
  array.name = stored.name.empty() ? file : fmt::format("{}:{}", file, printable(stored.name));
  const size_t rank = stored.shape.size();
  if (!stored.is_float)
    fail(ErrorCode::kUnsupported,
         "{}: its elements are {}, expected floating-point numbers of 16, 32 or 64 bits: convert it",
         array.name, stored.type);
  if (rank != 1 && rank != 2)
    fail(ErrorCode::kInput, "{}: has {} dimensions, expected [directions, d] or [d]", array.name, rank);
  array.rows = rank == 2 ? stored.shape[0] : 1;
  array.columns = stored.shape.back();
  if (array.rows == 0 || array.columns == 0)
    fail(ErrorCode::kInput, "{}: is empty, expected at least one direction", array.name);
  array.values = stored.values();
  array.array = stored.name;
  check_finite(array);
  return array;
}

// Those that are for one layer each, of one kind.
std::map<int64_t, DirectionArray> by_layer(const std::vector<StoredArray>& arrays, const std::string& kind,
                                           const std::string& file) {
  std::map<int64_t, DirectionArray> layers;
  for (const StoredArray& stored : arrays) {
    const auto name = layer_name_of(stored.name);
    if (!name || name->kind != kind) continue;
    if (!layers.emplace(name->layer, directions_of(stored, file)).second)
      fail(ErrorCode::kInput, "{}: holds two arrays of the kind '{}' for layer {}", file, printable(kind),
           name->layer);
  }
  return layers;
}

// The kinds of arrays that are for one layer each; an empty name stands for all the others.
std::set<std::string> kinds_of(const std::vector<StoredArray>& arrays) {
  std::set<std::string> kinds;
  for (const StoredArray& stored : arrays) {
    const auto name = layer_name_of(stored.name);
    kinds.insert(name ? name->kind : "");
  }
  return kinds;
}

void choose_named(const std::vector<StoredArray>& arrays, const FileAndArray& from, DirectionFile& file) {
  const auto named = std::ranges::find(arrays, *from.array, &StoredArray::name);
  if (named != arrays.end()) {
    file.array = directions_of(*named, from.file);
    return;
  }
  if (!from.array->empty()) file.by_layer = by_layer(arrays, *from.array, from.file);
  if (file.by_layer.empty())
    fail(ErrorCode::kNotFound, "{}: has no array '{}'; it holds {}", from.file, printable(*from.array),
         arrays.empty() ? "none" : listed(arrays));
}

void choose_only(const std::vector<StoredArray>& arrays, const FileAndArray& from, DirectionFile& file) {
  std::vector<StoredArray> candidates;
  std::ranges::copy_if(arrays, std::back_inserter(candidates), &StoredArray::can_be_directions);
  if (candidates.empty() && arrays.size() == 1) candidates = arrays;  // says what is wrong with it
  const std::set<std::string> kinds = kinds_of(candidates);
  if (candidates.size() == 1) {
    file.array = directions_of(candidates.front(), from.file);
  } else if (kinds.size() == 1 && !kinds.begin()->empty()) {
    file.by_layer = by_layer(candidates, *kinds.begin(), from.file);
  } else if (candidates.empty()) {
    fail(ErrorCode::kInput, "{}: holds no array of floating-point numbers in one or two dimensions{}",
         from.file, arrays.empty() ? "" : "; it holds " + listed(arrays));
  } else {
    fail(ErrorCode::kUsage, "{}: holds {} arrays ({}), expected one; say which as {}:NAME", from.file,
         candidates.size(), listed(candidates), from.file);
  }
}

}  // namespace

std::optional<LayerName> layer_name_of(std::string_view array) {
  const size_t dot = array.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  constexpr std::string_view kLayer = "layer";
  LayerName name{.kind = std::string(array.substr(0, dot))};
  std::string_view number = array.substr(dot + 1);
  if (number.starts_with(kLayer)) {
    number.remove_prefix(kLayer.size());
  } else if (name.kind != kControlVector) {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), name.layer);
  const bool is_number = error == std::errc() && end == number.data() + number.size() && name.layer >= 0;
  return is_number ? std::optional(name) : std::nullopt;
}

DirectionFile read_direction_file(const std::string& argument) {
  const FileAndArray from = split_argument(argument);
  StoredFile stored = stored_in(from.file);
  DirectionFile file{.name = argument, .metadata = std::move(stored.metadata)};
  from.array ? choose_named(stored.arrays, from, file) : choose_only(stored.arrays, from, file);
  return file;
}

DirectionFile read_single_direction_array(const std::string& argument) {
  DirectionFile file = read_direction_file(argument);
  if (file.array) return file;
  fail(ErrorCode::kUsage, "{}: holds an array for each of several layers, expected one; say which, as {}",
       argument, file.by_layer.begin()->second.name);
}

}  // namespace tugline
