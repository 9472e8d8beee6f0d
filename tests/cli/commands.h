// The built program on the tiny model of tests/fixtures, in a folder of its own.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/holds.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace tugline::test {

inline const std::string kTinyModel = TUGLINE_FIXTURES "/tiny_model";

// Two examples of two sentences each; the anchor is the second.
inline const std::string kData = R"([
 {"prompt": "p", "model_input_prompt": "Add. <think>", "cot": "The sum is on the sheet. So the total is 12. And so on, then.",
  "thought_anchor_idx": 1, "thought_anchor_sentence": "So the total is 12."},
 {"prompt": "p", "model_input_prompt": "Take. <think>", "cot": "There are ten in the box. One is red and nine are not. It is so.",
  "thought_anchor_idx": 1, "thought_anchor_sentence": "One is red and nine are not."}
])";

class Commands : public testing::Test {
 protected:
  void SetUp() override { write("data.json", kData); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  // Runs `tugline ARGUMENTS` in the folder; $MODEL is the tiny model, which more threads than one only slow
  // down.
  [[nodiscard]] ProgramOutcome tugline(const std::string& arguments) const {
    return run_program("cd '" + folder_.path().string() + "' && MODEL='" + kTinyModel +
                       "' && export OMP_NUM_THREADS=1 && '" TUGLINE_PROGRAM "' " + arguments);
  }
  // What the command prints. It must end with status 0.
  [[nodiscard]] std::string printed(const std::string& arguments) const {
    const ProgramOutcome outcome = tugline(arguments);
    EXPECT_EQ(outcome.status, 0) << arguments << "\n" << outcome.err;
    return outcome.out;
  }
  // The JSON that the command prints. Discarded (nlohmann's word for none) if it prints something else.
  [[nodiscard]] nlohmann::json result(const std::string& arguments) const {
    const std::string text = printed(arguments);
    nlohmann::json found = nlohmann::json::parse(text, nullptr, false);
    EXPECT_FALSE(found.is_discarded()) << arguments << "\n" << text;
    return found;
  }
  // The command must end with status 2, say `words`, and print no result.
  void expect_refused(const std::string& arguments, const std::string& words) const {
    const ProgramOutcome outcome = tugline(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments << "\n" << outcome.err;
    EXPECT_TRUE(holds(outcome.err, words)) << arguments << "\n" << outcome.err << "\nshould say: " << words;
    EXPECT_EQ(outcome.out, "") << arguments;
  }
  TemporaryFolder folder_;
};

}  // namespace tugline::test
