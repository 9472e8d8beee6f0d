#include "tugline/cli/push_arguments.h"

#include <string_view>

#include "tugline/cli/help_text.h"
#include "tugline/cli/number_lists.h"
#include "tugline/cli/number_options.h"
#include "tugline/core/error.h"
#include "tugline/files/direction_file.h"

namespace tugline {

namespace {

// What is wrong with a value of --readout, as CLI11 wants it: empty where nothing is.
std::string refusal_of_readout(const std::string& text) {
  try {
    (void)parse_readout(text);
    return "";
  } catch (const Error& e) {
    return e.what();
  }
}

}  // namespace

void add_push_options(CLI::App& command, PushArguments& a) {
  command.add_option("--layers", a.layers, kLayersHelp)->capture_default_str();
  command
      .add_option("--epsilons", a.epsilons,
                  "Push sizes in units of the residual's RMS: a list such as 0,0.5,1, or START:STOP:COUNT, "
                  "which includes both ends; they may be negative")
      ->capture_default_str();
  CLI::Option* directions = command
                                .add_option("--directions", a.directions,
                                            "How many random directions are pushed at each span and layer")
                                ->check(integer_from(1, 1'000'000))
                                ->capture_default_str();
  command
      .add_option(
          "--direction-file", a.direction_file,
          "Your own directions, an array [n, d]: F.npy, F.npz[:NAME], F.safetensors[:NAME] or F.gguf[:NAME]; "
          "rows become unit vectors. An array KIND.layerL, or direction.L of a control vector, is used at "
          "layer L")
      ->excludes(directions);
  command.add_option("--seed", a.seed, "Seed of every random draw, 0 to 2^64 - 1")
      ->type_name("UINT")
      ->capture_default_str();
  command
      .add_option(
          "--readout", a.readout,
          "Rows whose distributions are compared. predicting: those that predict the span's tokens; "
          "following: the span's own; downstream: all after the span; downstream:N: the first N of these")
      ->check(refusal_of_readout)
      ->capture_default_str();
  command
      .add_option("--bos", a.bos,
                  "Whether a BOS token is put in front: auto (as the tokenizer says), always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  command
      .add_option("--precision", a.precision,
                  "f32; bf16: matrix products of differences in bf16, right to about a percent (f32 if the "
                  "CPU lacks the instructions); "
                  "plain-bf16: what a bf16 model behind hooks computes, rounding noise included, for "
                  "comparison")
      ->check(CLI::IsMember({"f32", "bf16", "plain-bf16"}))
      ->capture_default_str();
  command
      .add_option(
          "--vocabulary", a.vocabulary,
          "exact: KL over all tokens; sampled: over the likeliest tokens and a sample of the others, with a "
          "standard error")
      ->check(CLI::IsMember({"exact", "sampled"}))
      ->capture_default_str();
  command.add_option("--temperature", a.temperature, "Divides the logits of both distributions")
      ->check(number_from(1e-3, 1e3))
      ->capture_default_str();
  command.add_option("--threads", a.threads, "How many threads compute; by default all of the machine's")
      ->check(integer_from(1, 4096));
}

void group_push_options(CLI::App& command) {
  group_options(
      command, "What is pushed",
      {"--layers", "--hook", "--epsilons", "--push", "--directions", "--direction-family",
       "--direction-sharing", "--direction-file", "--null-directions", "--orthogonal-to", "--seed"});
  group_options(command, "What is read",
                {"--spans", "--max-examples", "--readout", "--bos", "--temperature", "--vocabulary"});
  group_options(command, "How it is computed",
                {"--precision", "--audit", "--threads", "--memory-limit", "--batch-rows", "--shard"});
}

PushOptions resolve_push_options(const PushArguments& a, const ModelConfig& config) {
  if (a.precision == name_of(Precision::kPlainBf16) && a.vocabulary != "exact")
    fail(ErrorCode::kUsage,
         "--precision plain-bf16 compares whole distributions; --vocabulary {} has no meaning with it",
         a.vocabulary);
  PushOptions options;
  options.epsilons = parse_epsilons(a.epsilons);
  options.directions = a.directions;
  options.seed = parse_seed(a.seed);
  if (a.direction_file.empty()) return options;
  options.supplied = supplied_directions(read_direction_file(a.direction_file),
                                         parse_layers(a.layers, config.num_layers), config.hidden_size);
  options.directions = options.supplied.count();
  return options;
}

CpuBackendOptions backend_options(const PushArguments& a) {
  return {.threads = a.threads, .precision = precision_of(a.precision).value()};
}

ReadoutChoice parse_readout(const std::string& name) {
  constexpr std::string_view kDownstream = "downstream";
  if (name == "predicting") return ReadoutKind::kPredicting;
  if (name == "following") return ReadoutKind::kFollowing;
  if (name == kDownstream) return ReadoutKind::kDownstream;
  if (name.starts_with("downstream:"))
    return {ReadoutKind::kDownstream, parse_count(name.substr(kDownstream.size() + 1), "rows")};
  fail(ErrorCode::kUsage, "'{}' is not predicting, following, downstream or downstream:N", name);
}

Vocabulary parse_vocabulary(const std::string& name) {
  return name == "sampled" ? Vocabulary::kSampled : Vocabulary::kExact;
}

}  // namespace tugline
