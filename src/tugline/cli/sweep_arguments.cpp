#include "tugline/cli/sweep_arguments.h"

#include <algorithm>

#include "tugline/cli/number_lists.h"
#include "tugline/cli/option_defaults.h"
#include "tugline/cli/session.h"
#include "tugline/core/error.h"
#include "tugline/files/array_file.h"

namespace tugline {
namespace {

// `notebook`: what a notebook over a hooked model runs. `full`: the study of every sentence. (docs/method.md, "Presets".)
OptionValues preset_values(const std::string& name) {
  if (name == "notebook")
    return {{"layers", "last"},    {"epsilons", "0,0.25,0.5,1,2"}, {"directions", "8"}, {"direction-sharing", "independent"},
            {"max-examples", "8"}, {"seed", "42"},                 {"bos", "never"},    {"readout", "following"}};
  if (name == "full") return {{"spans", "chunks"}, {"layers", "20,22,24,26"}, {"epsilons", "0:10:21"}, {"directions", "32"}};
  return {};
}

std::vector<Span::Kind> parse_spans(const std::string& text) {
  std::vector<Span::Kind> kinds;
  for (const std::string& name : CLI::detail::split(text, ',')) {
    if (name != "anchor" && name != "chunks")
      fail(ErrorCode::kUsage, "--spans: '{}' is not anchor or chunks (or both: anchor,chunks)", name);
    const Span::Kind kind = name == "anchor" ? Span::Kind::kAnchor : Span::Kind::kChunk;
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  std::sort(kinds.begin(), kinds.end());
  return kinds;
}

}  // namespace

void add_sweep_options(CLI::App& command, SweepArguments& a) {
  command.add_option("MODEL", a.model, "A model directory, a .gguf file, or ORG/NAME in the hub's cache")->required();
  command.add_option("DATA", a.data, "The annotated dataset: .json or .jsonl")->required();
  command.add_option("-o,--output", a.output, "The run store; an existing one is resumed")->required()->type_name("RUN.db");
  command.add_option("--preset", a.preset, "notebook: last layer, 8 independent directions, 8 examples, no BOS, readout following; "
                     "full: every chunk, layers 20,22,24,26, 21 epsilons from 0 to 10, 32 directions. Options given besides win")
      ->check(CLI::IsMember({"notebook", "full"}));
  command.add_option("--config", a.config, "A TOML file with options by their long names; the command line wins")->type_name("FILE.toml");
  command.add_option("--layers", a.layers, "last, all, 20,22, 20:24 (20 to 23), -1")->capture_default_str();
  command.add_option("--epsilons", a.epsilons, "Push sizes in units of the residual's RMS: 0,0.5,1 or START:STOP:COUNT; may be negative")->capture_default_str();
  CLI::Option* directions = command.add_option("--directions", a.directions, "Random directions a unit")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  command.add_option("--seed", a.seed, "Seed of the random directions")->capture_default_str();
  command.add_option("--spans", a.spans, "anchor, chunks, or anchor,chunks")->capture_default_str();
  command.add_option("--readout", a.readout, "predicting: rows that predict the span's tokens; following: the span's own rows")
      ->check(CLI::IsMember({"predicting", "following"}))->capture_default_str();
  command.add_option("--hook", a.hook, "Where the push lands: a decoder layer's output")->check(CLI::IsMember({"resid_post"}))->capture_default_str();
  command.add_option("--bos", a.bos, "auto (as the tokenizer says), always, never")->check(CLI::IsMember({"auto", "always", "never"}))->capture_default_str();
  command.add_option("--direction-family", a.direction_family, "isotropic: uniform on the sphere")->check(CLI::IsMember({"isotropic"}))->capture_default_str();
  command.add_option("--direction-file", a.direction_file, "Directions of your own, [n, d]: F.npy or F.safetensors[:TENSOR]; rows become unit vectors")
      ->excludes(directions);
  command.add_option("--direction-sharing", a.direction_sharing, "common: the same directions at every epsilon; independent: fresh ones")
      ->check(CLI::IsMember({"common", "independent"}))->capture_default_str();
  command.add_option("--precision", a.precision, "f32: products and activations in 32-bit floats")->check(CLI::IsMember({"f32"}))->capture_default_str();
  command.add_option("--max-examples", a.max_examples, "Only the dataset's first N")->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  command.add_option("--threads", a.threads, "Threads; all of the machine's by default")->check(CLI::Range(1, 4096));
  command.add_option("--memory-limit", a.memory_limit, "Working memory of a batch of pushes, besides the weights")->capture_default_str();
}

void apply_config_and_preset(CLI::App& command, SweepArguments& arguments) {
  if (!arguments.config.empty()) apply_option_values(command, read_option_file(arguments.config), arguments.config);
  // A preset's number of random directions gives way to a file of them.
  OptionValues preset = preset_values(arguments.preset);
  if (!arguments.direction_file.empty()) std::erase_if(preset, [](const auto& value) { return value.first == "directions"; });
  apply_option_values(command, preset, "preset " + arguments.preset);
}

SweepOptions resolve_sweep_options(const SweepArguments& a, const ModelConfig& config) {
  SweepOptions options;
  options.layers = parse_layers(a.layers, config.num_layers);
  options.pushes.epsilons = parse_epsilons(a.epsilons);
  options.pushes.directions = a.directions;
  options.pushes.seed = a.seed;
  options.pushes.sharing = a.direction_sharing == "independent" ? DirectionSharing::kIndependent : DirectionSharing::kCommon;
  if (!a.direction_file.empty()) {
    if (options.pushes.sharing == DirectionSharing::kIndependent)
      fail(ErrorCode::kUsage, "--direction-sharing independent has no meaning for the directions of --direction-file");
    options.pushes.supplied = unit_rows(read_direction_array(a.direction_file), config.hidden_size, a.direction_file);
    options.pushes.directions = static_cast<int32_t>(options.pushes.supplied.size());
  }
  options.spans = parse_spans(a.spans);
  options.readout = a.readout == "following" ? ReadoutKind::kFollowing : ReadoutKind::kPredicting;
  options.bos = parse_bos(a.bos);
  if (a.max_examples > 0) options.max_examples = a.max_examples;
  options.memory_limit = parse_bytes(a.memory_limit);
  return options;
}

}  // namespace tugline
