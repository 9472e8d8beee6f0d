// Directions that a user brings (--direction-file): out of .npy, .npz, .safetensors or .gguf files. Gives the numbers as
// they are, and what the file says of where they come from: making them unit vectors, and refusing zero ones, is
// probe/direction's.
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

// Either one array, or one for each of some layers.
struct DirectionFile {
  std::string name = {};  // the argument that it was read by
  std::optional<DirectionArray> array = {};
  std::map<int64_t, DirectionArray> by_layer = {};  // without `array`
  // What the file says of itself: __metadata__ of safetensors, a control vector's kModelHint; empty for others.
  std::map<std::string, std::string> metadata = {};
};

// The kind of a control vector's arrays, and where it says what model it is for.
inline constexpr std::string_view kControlVector = "direction";
inline constexpr std::string_view kModelHint = "controlvector.model_hint";

// The layer that an array is for by its name: KIND.layerL, as `tugline vectors` writes them, and a control vector's direction.L.
struct LayerName {
  std::string kind;
  int64_t layer = 0;
};
[[nodiscard]] std::optional<LayerName> layer_name_of(std::string_view array);

// `argument` is F.npy, F.npz, F.safetensors or F.gguf, the last three also with :NAME behind them. NAME is an array's, or the KIND of
// arrays that are each for a layer. Without it, the file's only array of floating-point numbers is taken, or all of them if they are of
// one KIND. An array has two dimensions, or one (one row), of f16, bf16, f32 or f64; arrays of other types in the file do not matter.
// Throws Error naming the file, the array, expected and found.
[[nodiscard]] DirectionFile read_direction_file(const std::string& argument);

// The same for what needs one array. Throws Error also for a file that gives an array a layer.
[[nodiscard]] DirectionFile read_single_direction_array(const std::string& argument);

}  // namespace tugline
