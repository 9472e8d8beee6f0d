// No output replaces what a command reads, a run store or a model's file, under whatever name; other files
// only by --force.
#include <filesystem>
#include <fstream>

#include "commands.h"
#include "support/made_runs.h"

namespace tugline::test {
namespace {

namespace fs = std::filesystem;

class Outputs : public Commands {
 protected:
  void SetUp() override {
    Commands::SetUp();
    make_small_run(folder_ / "run.db");
    make_small_run(folder_ / "other.db");
    fs::copy(kTinyModel, folder_ / "model", fs::copy_options::recursive);
    write("notes.txt", "my notes\n");
  }

  // The file is as it was after the command, which is refused with status 2 and names it.
  void expect_kept(const std::string& arguments, const std::string& output) const {
    const fs::path file = folder_ / output;
    const std::string before = file_text(file);
    const auto names = folder_.names();
    const ProgramOutcome outcome = tugline(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments << "\n" << outcome.err;
    EXPECT_TRUE(holds(outcome.err, output)) << arguments << "\n" << outcome.err;
    EXPECT_EQ(file_text(file), before) << arguments;
    EXPECT_EQ(folder_.names(), names) << arguments;
  }

  // Every command with an output, as the words before the output's name; each reads run.db, or model and
  // data.json.
  const std::vector<std::string> kOfRuns{"export run.db --table curves -o ",
                                         "export run.db --table rows --format json -o "};
  const std::string kVectors = "vectors model data.json --kinds chunk -o ";
  const std::string kSweep = "sweep model data.json --epsilons 1 --directions 1 -o ";
};

TEST_F(Outputs, NeverReplaceWhatTheCommandReads) {
  fs::create_symlink(folder_ / "run.db", folder_ / "soft.svg");
  fs::create_hard_link(folder_ / "run.db", folder_ / "hard.svg");
  fs::create_directory(folder_ / "sub");
  for (const char* force : {"", " --force"}) {
    for (const std::string& command : kOfRuns)
      for (const char* output : {"run.db", "./sub/../run.db", "soft.svg", "hard.svg"})
        expect_kept(command + output + force, output);
    for (const char* output : {"soft.svg", "hard.svg"})
      expect_kept("plot run.db -o " + std::string(output) + force, output);
    fs::remove(folder_ / "data.safetensors");
    fs::remove(folder_ / "settings.safetensors");
    fs::remove(folder_ / "weights.safetensors");
    fs::create_symlink("data.json", folder_ / "data.safetensors");
    fs::create_hard_link(folder_ / "model/config.json", folder_ / "settings.safetensors");
    fs::create_hard_link(folder_ / "model/model.safetensors", folder_ / "weights.safetensors");
    for (const char* output :
         {"model/model.safetensors", "data.safetensors", "settings.safetensors", "weights.safetensors"})
      expect_kept(kVectors + output + force, output);
  }
  for (const char* output : {"data.json", "model/config.json", "model/model.safetensors"})
    expect_kept(kSweep + output, output);
  expect_kept("merge run.db run.db other.db", "run.db");
  fs::create_symlink(folder_ / "run.db", folder_ / "soft.db");
  expect_kept("merge soft.db run.db", "soft.db");
}

TEST_F(Outputs, NeverReplaceARunStoreOrAModelsFile) {
  for (const char* force : {"", " --force"}) {
    for (const std::string& command : kOfRuns)
      for (const char* output :
           {"other.db", "model/model.safetensors", "model/config.json", "model/tokenizer.json"})
        expect_kept(command + output + force, output);
    fs::remove(folder_ / "other.svg");
    fs::create_symlink("other.db", folder_ / "other.svg");
    expect_kept("plot run.db -o other.svg" + std::string(force), "other.svg");
    fs::remove(folder_ / "other.safetensors");
    fs::create_symlink("other.db", folder_ / "other.safetensors");
    expect_kept(kVectors + "other.safetensors" + force, "other.safetensors");
  }
}

TEST_F(Outputs, NeverTakeANameThatBelongsToAStore) {
  for (const char* suffix : {"-journal", "-wal", "-shm", "-lock"}) {
    const std::string name = "run.db" + std::string(suffix);
    const ProgramOutcome outcome = tugline("export other.db --table curves --force -o " + name);
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_FALSE(fs::exists(folder_ / name));
  }
}

TEST_F(Outputs, ReplaceAnotherKindOnlyByForce) {
  write("notes.svg", "my notes\n");
  write("notes.csv", "name,value\n1,2\n");
  write("notes.json", "[{\"thought_anchor_idx\": 1}]");
  write("notes.safetensors", "my notes\n");
  const std::vector<std::pair<std::string, std::string>> commands{
      {"export run.db --table curves -o ", "notes.csv"},
      {"export run.db --table rows --format json -o ", "notes.json"},
      {"export run.db --table curves -o ", "notes.txt"},
      {"plot run.db -o ", "notes.svg"}};
  for (const auto& [command, output] : commands) {
    expect_kept(command + output, output);
    EXPECT_TRUE(holds(tugline(command + output).err, "--force"));
    EXPECT_EQ(tugline(command + output + " --force").status, 0) << command << output;
    EXPECT_NE(file_text(folder_ / output), "my notes\n");
  }
  expect_kept(kSweep + "notes.txt", "notes.txt");
  expect_kept("merge notes.txt run.db", "notes.txt");
}

TEST_F(Outputs, ReplaceTheirOwnKind) {
  write("empty.csv", "");
  for (const std::string command :
       {"export run.db --table curves -o empty.csv", "export run.db --table rows --format json -o rows.json",
        "plot run.db -o a.svg", "plot run.db -o a.png", "plot run.db -o a.pdf"}) {
    EXPECT_EQ(tugline(command).status, 0) << command;
    const ProgramOutcome again = tugline(command);
    EXPECT_EQ(again.status, 0) << command << again.err;
  }
  EXPECT_EQ(tugline("export run.db --table units -o rows.json").status, 0);
  for (const char* output : {"v.safetensors", "model/v.safetensors"})
    EXPECT_EQ(tugline(kVectors + output).status, 0);
  const ProgramOutcome again = tugline(kVectors + "v.safetensors");
  EXPECT_EQ(again.status, 0) << again.err;
}

TEST_F(Outputs, StandardOutputIsADash) {
  const std::string table = printed("export run.db --table curves");
  EXPECT_EQ(printed("export run.db --table curves -o -"), table);
  EXPECT_TRUE(holds(printed("plot run.db -o -"), "</svg>"));
  EXPECT_FALSE(fs::exists(folder_ / "-"));
  expect_refused(kSweep + "-", "standard output");
  expect_refused("merge - run.db", "standard output");
}

TEST_F(Outputs, StandardOutputIsNoInput) {
  const std::string before = file_text(folder_ / "run.db");
  for (const char* command : {"export run.db --table curves", "summary run.db", "plot run.db -o -",
                              "analyze run.db --no-store --resamples 100"}) {
    EXPECT_EQ(tugline(std::string(command) + " >> run.db").status, 2) << command;
    EXPECT_EQ(file_text(folder_ / "run.db"), before) << command;
  }
}

}  // namespace
}  // namespace tugline::test
