// What each family's layer is made of: its steps, where a push can land, and the memory that they need.
#include "tugline/model/layer_program.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace tugline {
namespace {

std::string name_of(Slot slot) {
  constexpr std::array kNames{"h", "n", "qkv", "q", "k", "v", "z", "block", "gate_up", "up", "a"};
  return kNames.at(static_cast<size_t>(slot));
}

struct Shown {
  std::string operator()(const NormStep& step) const {
    return name_of(step.out) + " = norm(" + name_of(step.in) + ")";
  }
  std::string operator()(const LinearStep& step) const {
    return name_of(step.out) + (step.accumulate == Accumulate::kYes ? " += W " : " = W ") + name_of(step.in);
  }
  std::string operator()(const RopeStep& step) const {
    return name_of(step.slot) + " = rope(" + name_of(step.slot) + ")";
  }
  std::string operator()(const AttentionStep&) const { return "z = attention(q, k, v)"; }
  std::string operator()(const GateStep&) const { return "a = silu(gate) * up"; }
  std::string operator()(const GeluStep&) const { return "a = gelu(up)"; }
  std::string operator()(const AddStep& step) const { return name_of(step.out) + " += " + name_of(step.in); }
};

// Steps and, in brackets, the points between them.
std::vector<std::string> described(Architecture architecture) {
  const LayerProgram program = describe_layer(family_config(architecture));
  std::vector<std::string> lines;
  size_t done = 0;
  for (const LayerProgram::Point& point : program.points()) {
    for (; done < point.step; ++done) lines.push_back(std::visit(Shown(), program.steps()[done]));
    lines.push_back("[" + std::string(name_of(point.hook)) + "]");
  }
  EXPECT_EQ(done, program.steps().size()) << "the last point is the output";
  return lines;
}

using Lines = std::vector<std::string>;

TEST(LayerProgram, OfLlama) {
  EXPECT_EQ(described(Architecture::kLlama),
            (Lines{"[resid_pre]", "n = norm(h)", "qkv = W n", "q = rope(q)", "k = rope(k)",
                   "z = attention(q, k, v)", "[z]", "h += W z", "[attn_out]", "[resid_mid]", "n = norm(h)",
                   "gate_up = W n", "a = silu(gate) * up", "h += W a", "[mlp_out]", "[resid_post]"}));
}

TEST(LayerProgram, OfOlmo2) {
  EXPECT_EQ(described(Architecture::kOlmo2), (Lines{"[resid_pre]",
                                                    "qkv = W h",
                                                    "q = norm(q)",
                                                    "k = norm(k)",
                                                    "q = rope(q)",
                                                    "k = rope(k)",
                                                    "z = attention(q, k, v)",
                                                    "[z]",
                                                    "block = W z",
                                                    "block = norm(block)",
                                                    "h += block",
                                                    "[attn_out]",
                                                    "[resid_mid]",
                                                    "gate_up = W h",
                                                    "a = silu(gate) * up",
                                                    "block = W a",
                                                    "block = norm(block)",
                                                    "h += block",
                                                    "[mlp_out]",
                                                    "[resid_post]"}));
}

// The MLP's norm reads h before the attention block's output is added.
TEST(LayerProgram, OfGptNeox) {
  EXPECT_EQ(described(Architecture::kGptNeox),
            (Lines{"[resid_pre]", "n = norm(h)", "qkv = W n", "q = rope(q)", "k = rope(k)",
                   "z = attention(q, k, v)", "n = norm(h)", "up = W n", "a = gelu(up)", "[z]", "h += W z",
                   "h += W a", "[attn_out]", "[mlp_out]", "[resid_post]"}));
}

TEST(LayerProgram, MemoryIsForWhatStepsWrite) {
  EXPECT_EQ(describe_layer(family_config(Architecture::kLlama)).workspace_slots(),
            (std::vector{Slot::kNormed, Slot::kQkv, Slot::kAttended, Slot::kGateUp, Slot::kActivated}));
  EXPECT_EQ(describe_layer(family_config(Architecture::kOlmo2)).workspace_slots(),
            (std::vector{Slot::kQkv, Slot::kAttended, Slot::kBlock, Slot::kGateUp, Slot::kActivated}));
  EXPECT_EQ(describe_layer(family_config(Architecture::kGptNeox)).workspace_slots(),
            (std::vector{Slot::kNormed, Slot::kQkv, Slot::kAttended, Slot::kUp, Slot::kActivated}));
}

TEST(LayerProgram, APushAfterTheAttentionReachesNoOtherRowInItsLayer) {
  const LayerProgram program = describe_layer(family_config(Architecture::kLlama));
  EXPECT_TRUE(program.attends(program.above(Hook::kResidPre)));
  EXPECT_FALSE(program.attends(program.above(Hook::kResidMid)));
  EXPECT_TRUE(program.above(Hook::kResidPost).empty());
  EXPECT_FALSE(describe_layer(family_config(Architecture::kGptNeox)).has(Hook::kResidMid));
}

// What the steps from each point on read decides it; a run on values to a head's output starts at the layer's
// input.
TEST(LayerProgram, APushGoesThroughTheStepsThatReadWhatItMoves) {
  const auto reached = [](Architecture architecture, Hook hook) {
    const LayerProgram program = describe_layer(family_config(architecture));
    const StepRange steps = program.above(hook);
    return std::pair(steps.begin, steps.end);
  };
  using Steps = std::pair<size_t, size_t>;
  EXPECT_EQ(reached(Architecture::kLlama, Hook::kZ), (Steps{5, 10}));
  EXPECT_EQ(reached(Architecture::kLlama, Hook::kAttnOut), reached(Architecture::kLlama, Hook::kResidMid));
  EXPECT_EQ(reached(Architecture::kOlmo2, Hook::kZ), (Steps{6, 14}));
  EXPECT_EQ(reached(Architecture::kGptNeox, Hook::kResidPre), (Steps{0, 10}));
  EXPECT_EQ(reached(Architecture::kGptNeox, Hook::kZ), (Steps{8, 9})) << "not the MLP's last map";
  for (const Hook hook : {Hook::kAttnOut, Hook::kMlpOut}) {
    const auto [begin, end] = reached(Architecture::kGptNeox, hook);
    EXPECT_EQ(begin, end) << name_of(hook);
  }
  const LayerProgram llama = describe_layer(family_config(Architecture::kLlama));
  EXPECT_EQ(llama.entry(Hook::kZ), Hook::kResidPre);
  EXPECT_EQ(llama.entry(Hook::kAttnOut), Hook::kAttnOut);
}

}  // namespace
}  // namespace tugline
