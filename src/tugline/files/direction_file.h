// Reads a user's directions (--direction-file) from .npy, .npz, .safetensors
// or .gguf files. Returns the numbers unchanged, and what the file says about
// their origin. probe/direction makes them unit vectors and refuses zero ones.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tugline {

struct DirectionArray {
  std::string name = {};  // what messages and captions call it: the file, or file:array
  int64_t rows = 0;       // neither extent is 0
  int64_t columns = 0;
  std::vector<double> values = {};  // [rows, columns], row-major; finite
  std::string array = {};           // its own name in the file; empty for the only one of a .npy
};

// Either one array for all layers, or one array for each of some layers.
struct DirectionFile {
  std::string name = {};  // the argument from which it was read
  std::optional<DirectionArray> array = {};
  std::map<int64_t, DirectionArray> by_layer = {};  // without `array`
  // What the file says of itself: __metadata__ of safetensors, a control vector's kModelHint; empty for
  // others.
  std::map<std::string, std::string> metadata = {};
};

// The kind of a control vector's arrays, and the key of the model that it is for.
inline constexpr std::string_view kControlVector = "direction";
inline constexpr std::string_view kModelHint = "controlvector.model_hint";

// The field "kind" in the metadata of the files that tugline writes.
inline constexpr const char* kVectorFileKind = "tugline diff-in-means vectors";

// The layer in an array's name: KIND.layerL, as `tugline vectors` writes it, or a control vector's
// direction.L.
struct LayerName {
  std::string kind;
  int64_t layer = 0;
};
[[nodiscard]] std::optional<LayerName> layer_name_of(std::string_view array);

// Reads `argument`: F.npy, F.npz, F.safetensors or F.gguf; the last three may be followed by :NAME. NAME is
// the name of an array, or the KIND of arrays that are each for one layer. Without NAME, the file's only
// floating-point array is taken, or all of them if they are of one KIND. An array has two dimensions, or one
// (a single row), of f16, bf16, f32 or f64; arrays of other types are ignored. Throws Error that names the
// file and the array, what was expected and what was found.
[[nodiscard]] DirectionFile read_direction_file(const std::string& argument);

// The same for callers that need one array. Also throws Error if the file gives one array per layer.
[[nodiscard]] DirectionFile read_single_direction_array(const std::string& argument);

}  // namespace tugline
