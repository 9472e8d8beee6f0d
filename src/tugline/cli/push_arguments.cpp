#include "tugline/cli/push_arguments.h"

#include <fmt/ranges.h>

#include "tugline/api/settings.h"
#include "tugline/cli/help_text.h"
#include "tugline/cli/name_options.h"
#include "tugline/cli/number_lists.h"
#include "tugline/cli/number_options.h"
#include "tugline/core/error.h"

namespace tugline {

std::vector<std::string> hook_list() { return names_in(kHooks); }

std::string hook_names() { return fmt::format("{}", fmt::join(hook_list(), ", ")); }

void add_place_options(CLI::App& command, PushArguments& a) {
  command.add_option("--layers", a.layers, kLayersHelp)->capture_default_str();
  command
      .add_option(
          "--hook", a.hook,
          "Where in the layer the push lands: resid_pre, its input; resid_mid, between its attention and "
          "its MLP block; resid_post, its output; attn_out and mlp_out, a block's output as it is added to "
          "the residual; z, the output of one query head (--head)")
      ->check(one_of(hook_list()))
      ->capture_default_str();
  command.add_option("--head", a.head, "The query head that --hook z pushes, from 0")
      ->check(integer_from(0, 1'000'000));
  command
      .add_option("--at", a.at,
                  "The token that is pushed: before, the one before the span; first or last of the span; "
                  "every: each of the span's, by the same direction")
      ->check(one_of(names_in(kPushAts)))
      ->capture_default_str();
}

void add_model_options(CLI::App& command, PushArguments& a) {
  command
      .add_option("--precision", a.precision,
                  "f32; bf16: matrix products of differences in bf16, right to about a percent (f32 if the "
                  "CPU lacks the instructions); "
                  "plain-bf16: what a hooked bf16 model computes, rounding noise included, for "
                  "comparison")
      ->check(one_of({"f32", "bf16", "plain-bf16"}))
      ->capture_default_str();
  command.add_option("--threads", a.threads, "How many threads compute; by default all of the machine's")
      ->check(integer_from(1, 4096));
}

void add_push_options(CLI::App& command, PushArguments& a) {
  add_place_options(command, a);
  command
      .add_option(
          "--epsilons", a.epsilons,
          "Push sizes in units of the RMS of what is pushed: a list such as 0,0.5,1, or START:STOP:COUNT, "
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
      ->type_name("FILE")
      ->excludes(directions);
  command.add_option("--seed", a.seed, "Seed of every random draw, 0 to 2^64 - 1")
      ->type_name("UINT")
      ->capture_default_str();
  command
      .add_option(
          "--readout", a.readout,
          "Rows whose distributions are compared. predicting: those that predict the span's tokens; "
          "following: the span's own; downstream: all after the span; downstream:N: the first N of these")
      ->check(accepted_by({"predicting", "following", "downstream", "downstream:N"},
                          [](const std::string& name) { (void)readout_of(name); }))
      ->capture_default_str();
  command
      .add_option("--bos", a.bos,
                  "Whether a BOS token is put in front: auto (as the tokenizer says), always, never")
      ->check(one_of({"auto", "always", "never"}))
      ->capture_default_str();
  command
      .add_option(
          "--vocabulary", a.vocabulary,
          "exact: KL over all tokens; sampled: over the likeliest tokens and a sample of the others, with a "
          "standard error")
      ->check(one_of({"exact", "sampled"}))
      ->capture_default_str();
  command.add_option("--temperature", a.temperature, "Divides the logits of both distributions")
      ->check(number_from(1e-3, 1e3))
      ->capture_default_str();
  command
      .add_option(
          "--answers", a.answers,
          "Also measure how the logit of A minus that of B changes: two texts that are one token each, "
          "white space included, or id:N")
      ->type_name("A,B");
  command
      .add_option("--moved-tokens", a.moved_tokens,
                  "Also keep the N tokens whose probability rose most in each row, and the N whose fell most")
      ->check(integer_from(0, 100))
      ->capture_default_str();
  add_model_options(command, a);
}

void group_push_options(CLI::App& command) {
  group_options(command, "What is pushed",
                {"--layers", "--hook", "--head", "--at", "--epsilons", "--nodes", "--node-tolerance",
                 "--push", "--directions", "--direction-family", "--direction-sharing", "--direction-file",
                 "--null-directions", "--orthogonal-to", "--seed"});
  group_options(command, "What is read",
                {"--spans", "--max-examples", "--readout", "--bos", "--temperature", "--vocabulary",
                 "--answers", "--moved-tokens"});
  group_options(command, "How it is computed",
                {"--precision", "--audit", "--threads", "--memory-limit", "--batch-rows", "--shard"});
}

PushSettings settings_of(const PushArguments& a, int64_t num_layers) {
  if (a.precision == name_of(Precision::kPlainBf16) && a.vocabulary != "exact")
    fail(ErrorCode::kUsage,
         "--precision plain-bf16 compares whole distributions; --vocabulary {} has no meaning with it",
         a.vocabulary);
  if (a.moved_tokens > 0 && a.vocabulary != "exact")
    fail(ErrorCode::kUsage,
         "--moved-tokens: --vocabulary {} computes a sample of the tokens, which does not tell which of all "
         "moved most; leave out one of the two",
         a.vocabulary);
  PushSettings settings;
  for (const LayerIndex layer : parse_layers(a.layers, num_layers)) settings.layers.push_back(layer.value);
  settings.hook = a.hook;
  settings.head = a.head;
  settings.at = a.at;
  settings.epsilons = parse_epsilons(a.epsilons);
  settings.directions = a.directions;
  settings.direction_file = a.direction_file;
  settings.seed = parse_seed(a.seed);
  settings.readout = a.readout;
  settings.vocabulary = a.vocabulary;
  settings.temperature = a.temperature;
  settings.moved_tokens = a.moved_tokens;
  return settings;
}

ModelOptions model_options(const PushArguments& a) {
  return {.precision = a.precision, .threads = a.threads};
}

}  // namespace tugline
