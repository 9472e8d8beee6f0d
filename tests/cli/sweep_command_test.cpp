// The built program's sweep on the tiny model: where options come from, what a store ends up with, resuming.
#include <fmt/ranges.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "commands.h"
#include "tugline/backend/machine.h"
#include "tugline/store/run_store.h"

namespace tugline::test {
namespace {

class Sweep : public Commands {
 protected:
  void expect_done(const std::string& arguments) const {
    const ProgramOutcome outcome = tugline("sweep $MODEL data.json " + arguments);
    EXPECT_EQ(outcome.status, 0) << arguments << "\n" << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
  [[nodiscard]] std::map<std::string, std::string> identity(const std::string& store) const {
    return RunStore::open_read_only(folder_ / store).identity().fields;
  }
  // Which numbers the run has: "layers", "epsilons" and "directions" as lists, "spans" as the kinds.
  [[nodiscard]] std::map<std::string, std::string> numbers(const std::string& name) const {
    const RunStore store = RunStore::open_read_only(folder_ / name);
    std::set<int32_t> layers;
    std::set<double> epsilons;
    std::set<int32_t> directions;
    std::set<std::string> kinds;
    for (const UnitKey& key : store.unit_keys()) {
      layers.insert(key.layer);
      kinds.insert(key.span_kind);
      for (const ResponseRecord& response : store.responses(key)) {
        epsilons.insert(response.epsilon);
        directions.insert(response.direction);
      }
    }
    return {{"layers", fmt::format("{}", fmt::join(layers, ","))},
            {"epsilons", fmt::format("{}", fmt::join(epsilons, ","))},
            {"directions", fmt::format("{}", directions.size())},
            {"spans", fmt::format("{}", fmt::join(kinds, ","))},
            {"examples", fmt::format("{}", store.examples().size())}};
  }
  [[nodiscard]] std::string exported(const std::string& store, const std::string& table) const {
    const ProgramOutcome outcome = tugline("export " + store + " --table " + table);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.out;
  }
};

TEST_F(Sweep, MeasuresEveryUnit) {
  expect_done("-o run.db --layers 0,2 --epsilons 0,0.5,1 --directions 3 --spans anchor,chunks");
  const RunStore store = RunStore::open_read_only(folder_ / "run.db");
  EXPECT_EQ(store.unit_keys().size(), 2U * 2U * (1U + 2U));  // layers x examples x (anchor and two chunks)
  for (const UnitKey& key : store.unit_keys()) {
    const auto responses = store.responses(key);
    ASSERT_EQ(responses.size(), 9U);
    for (const ResponseRecord& response : responses) EXPECT_EQ(response.kl() > 0, response.epsilon > 0);
  }
  const Provenance meta = store.meta();
  EXPECT_EQ(meta.at("model_name"), "tiny_model");
  EXPECT_EQ(meta.at("data_name"), "data.json");
  EXPECT_EQ(meta.at("units_planned"), "12");
  EXPECT_TRUE(holds(meta.at("command_line"), "sweep ")) << meta.at("command_line");
  EXPECT_TRUE(holds(printed("summary run.db"), "tiny_model"));
}

// Asked for by options or by the configuration file: part of the run's identity, in the store, its exports
// and what is merged of it.
TEST_F(Sweep, KeepsWhatIsAskedAboutTokens) {
  write("asked.toml",
        "answers = [\"S\", \"o\"]\nmoved-tokens = 2\nlayers = \"0\"\nepsilons = \"0,1\"\ndirections = 2\n");
  expect_done("-o run.db --config asked.toml --audit 4");
  EXPECT_EQ(identity("run.db").at("moved_tokens"), "2");
  EXPECT_TRUE(holds(identity("run.db").at("answers"), ","));
  const RunStore store = RunStore::open_read_only(folder_ / "run.db");
  for (const UnitRecord& unit : store.units()) {
    EXPECT_EQ(unit.audit.pushes, 2);
    for (size_t m = 0; m < kMeasures.size(); ++m)
      EXPECT_LE(unit.audit.disagreements[m].value(), kMeasures[m].f32_bound) << kMeasures[m].name;
    for (const int32_t token : moved_tokens_of(store.responses(unit.key)))
      EXPECT_TRUE(store.tokens().contains(token));
  }
  EXPECT_TRUE(holds(printed("summary run.db"), "disagreements  kl "));
  for (const auto& row : result("export run.db --table rows --format json")) {
    const auto tokens = nlohmann::json::parse(row["rose_tokens"].get<std::string>());
    const auto pieces = nlohmann::json::parse(row["rose_pieces"].get<std::string>());
    const auto changes = nlohmann::json::parse(row["fell_changes"].get<std::string>());
    EXPECT_EQ(tokens.size(), row["epsilon"] == 0.0 ? 0U : 2U);
    EXPECT_EQ(pieces.size(), tokens.size());
    EXPECT_EQ(changes.size(), tokens.size());
    EXPECT_EQ(row["answer_change"] != 0.0, row["epsilon"] != 0.0);
  }
  // Another question is another run, and a part of a run has its tokens with it.
  expect_refused("sweep $MODEL data.json -o run.db --config asked.toml --audit 4 --moved-tokens 3",
                 "moved_tokens: the store has \"2\", this run \"3\"");
  expect_refused("sweep $MODEL data.json -o run.db --config asked.toml --audit 4 --answers 'o,S'",
                 "answers: the store has");
  for (const char* part : {"1/2", "2/2"})
    expect_done("-o part" + std::string(part, 1) + ".db --config asked.toml --audit 4 --shard " + part);
  EXPECT_EQ(tugline("merge whole.db part1.db part2.db").status, 0);
  EXPECT_EQ(exported("whole.db", "rows"), exported("run.db", "rows"));
  expect_refused("sweep $MODEL data.json -o other.db --moved-tokens 2 --vocabulary sampled",
                 "--moved-tokens: --vocabulary sampled computes a sample");
  // Without the question its columns are empty.
  expect_done("-o plain.db --layers 0 --epsilons 0,1 --directions 2");
  // The store has the text of the rows' tokens, and of no others.
  const RunStore plain = RunStore::open_read_only(folder_ / "plain.db");
  std::set<int32_t> of_rows;
  for (const UnitRecord& unit : plain.units())
    of_rows.insert(unit.measured.row_tokens.begin(), unit.measured.row_tokens.end());
  of_rows.erase(-1);
  std::set<int32_t> named;
  for (const auto& [token, piece] : plain.tokens()) named.insert(token);
  EXPECT_EQ(named, of_rows);
  EXPECT_EQ(identity("plain.db").at("answers"), "none");
  EXPECT_TRUE(holds(exported("plain.db", "rows"), ",entropy_change,answer_change,rose_tokens,rose_pieces,"));
}

// What a CPU cannot do is said, and the store holds what was done.
TEST_F(Sweep, Bf16IsF32WhereTheProcessorLacksIt) {
  const std::string missing = describe_machine().missing_bf16;
  const ProgramOutcome outcome =
      tugline("sweep $MODEL data.json -o run.db --layers 0 --epsilons 1 --directions 1 --precision bf16");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(identity("run.db").at("precision"), missing.empty() ? "bf16" : "f32");
  EXPECT_EQ(identity("run.db").at("backend"), missing.empty() ? "cpu-bf16" : "cpu-f32");
  EXPECT_EQ(RunStore::open_read_only(folder_ / "run.db").meta().at("precision_asked_for"), "bf16");
  EXPECT_EQ(holds(outcome.err, "precision bf16"), !missing.empty()) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, missing)) << outcome.err;
}

TEST_F(Sweep, PlainBf16IsLabelledWhereverItIsShown) {
  const std::string label = "rounding noise";
  expect_done("-o run.db --layers 0 --epsilons 0,1 --directions 2 --precision plain-bf16");
  EXPECT_EQ(identity("run.db").at("precision"), "plain-bf16");
  EXPECT_TRUE(holds(printed("summary run.db"), "plain-bf16 (values, rounding noise included)"));
  EXPECT_TRUE(holds(printed("summary run.db --json"), label));
  EXPECT_TRUE(holds(exported("run.db", "units"), label));
  for (const char* table : {"curves", "responses", "rows"})
    EXPECT_TRUE(holds(tugline(std::string("export run.db --table ") + table).err, label)) << table;
  const std::string text = "tug $MODEL --text 'So the total is 12.' --span 1:3 --precision plain-bf16";
  EXPECT_TRUE(holds(printed(text), label));
  EXPECT_TRUE(holds(printed(text + " --json"), label));
}

TEST_F(Sweep, TheCommandLineWinsOverTheFileOverThePresetOverTheDefault) {
  write("run.toml", "# a file\nlayers = [0, 1]\nseed = 7  # lucky\ndirections = 3\nmax-examples = 1\n");
  expect_done("-o run.db --preset notebook --config run.toml --layers 2");
  const auto found = identity("run.db");
  const auto counts = numbers("run.db");
  EXPECT_EQ(counts.at("layers"), "2");                      // the command line, over the file and the preset
  EXPECT_EQ(found.at("seed"), "7");                         // the file, over the preset
  EXPECT_EQ(counts.at("directions"), "3");                  // the same
  EXPECT_EQ(counts.at("examples"), "1");                    // the same
  EXPECT_EQ(found.at("readout"), "following");              // the preset, over the default
  EXPECT_EQ(found.at("direction_sharing"), "independent");  // the same
  EXPECT_EQ(counts.at("spans"), "anchor");                  // the default
}

TEST_F(Sweep, AFileCanHoldEveryKindOfValue) {
  write("run.toml", "layers = \"0:2,last\"\nepsilons = [0, 0.5, -1]\nspans = 'chunks'\npreset = \"full\"\n");
  expect_done("-o run.db --config run.toml --directions 1 --max-examples 1");
  const auto found = numbers("run.db");
  EXPECT_EQ(found.at("layers"), "0,1,3");
  EXPECT_EQ(found.at("epsilons"), "-1,0,0.5");
  EXPECT_EQ(found.at("spans"), "chunk");
  EXPECT_EQ(found.at("directions"), "1");
}

TEST_F(Sweep, ThePresetOfTheNotebook) {
  expect_done("-o run.db --preset notebook");
  const auto counts = numbers("run.db");
  EXPECT_EQ(counts.at("layers"), "3");
  EXPECT_EQ(counts.at("epsilons"), "0,0.25,0.5,1,2");
  EXPECT_EQ(counts.at("directions"), "8");
  const auto found = identity("run.db");
  EXPECT_EQ(found.at("seed"), "42");
  EXPECT_EQ(found.at("bos"), "never");
  EXPECT_EQ(found.at("readout"), "following");
  EXPECT_EQ(found.at("direction_sharing"), "independent");
}

TEST_F(Sweep, ADirectionFileOnTheCommandLineStandsInForAFilesRandomDirections) {
  // A .npy of two rows of 32 float32 ones and twos.
  std::string npy("\x93NUMPY\x01\x00", 8);
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 32), }";
  header += std::string(64 - (10 + header.size() + 1) % 64, ' ') + "\n";
  npy += static_cast<char>(header.size());
  npy += std::string(1, '\0') + header;
  for (int i = 0; i < 64; ++i) npy += std::string(i % 3 == 0 ? "\x00\x00\x80\x3f" : "\x00\x00\x00\x40", 4);
  std::ofstream(folder_ / "mine.npy", std::ios::binary) << npy;
  write("run.toml", "directions = 5\n");
  expect_done("-o run.db --config run.toml --direction-file mine.npy --epsilons 1");
  EXPECT_EQ(numbers("run.db").at("directions"), "2");
  EXPECT_TRUE(holds(identity("run.db").at("direction_family"), "file"));
}

TEST_F(Sweep, FollowingAtTheLastLayerIsExactZerosWithANote) {
  const ProgramOutcome outcome =
      tugline("sweep $MODEL data.json -o run.db --readout following --epsilons 0,10");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "its KL is exactly 0")) << outcome.err;
  const RunStore store = RunStore::open_read_only(folder_ / "run.db");
  for (const UnitRecord& unit : store.units()) EXPECT_TRUE(holds(unit.measured.note, "exact zeros"));
  for (const UnitKey& key : store.unit_keys())
    for (const ResponseRecord& response : store.responses(key)) EXPECT_EQ(response.kl(), 0.0);
  EXPECT_TRUE(holds(printed("summary run.db"), "exact zeros"));
}

TEST_F(Sweep, AuditsAPushOfEachUnitUnlessToldOtherwise) {
  const std::string options = " --layers 0,last --epsilons 0,1 --directions 2 --readout following";
  expect_done("-o one.db" + options);
  expect_done("-o none.db --audit 0" + options);
  expect_done("-o more.db --audit 5" + options);
  const auto units = [&](const char* name) { return RunStore::open_read_only(folder_ / name).units(); };
  for (const UnitRecord& unit : units("one.db")) {
    EXPECT_EQ(unit.audit.pushes, unit.key.layer == 0 ? 1 : 0) << "the last layer's units are out of reach";
    EXPECT_EQ(unit.audit.disagreements[kKl].has_value(), unit.key.layer == 0);
    EXPECT_LT(unit.audit.disagreements[kKl].value_or(0), 1e-4);
  }
  for (const UnitRecord& unit : units("none.db")) EXPECT_EQ(unit.audit.pushes, 0);
  for (const UnitRecord& unit : units("more.db")) EXPECT_EQ(unit.audit.pushes, unit.key.layer == 0 ? 2 : 0);
  EXPECT_EQ(exported("one.db", "responses"), exported("none.db", "responses"));
  EXPECT_TRUE(holds(printed("summary one.db"), "audit          2 pushes rerun in f64, largest"))
      << printed("summary one.db");
  EXPECT_TRUE(holds(printed("summary none.db"), "audit          no push rerun in f64"));
  EXPECT_TRUE(holds(exported("one.db", "units"), ",audited,audit_disagreement,"));
  expect_done("-o one.db --audit 5" + options);
  for (const UnitRecord& unit : units("one.db")) EXPECT_EQ(unit.audit.pushes, unit.key.layer == 0 ? 2 : 0);
}

TEST_F(Sweep, TheSameCommandAgainComputesNothing) {
  expect_done("-o run.db --epsilons 1 --directions 2");
  const std::string before = exported("run.db", "units");
  const ProgramOutcome again = tugline("sweep $MODEL data.json -o run.db --epsilons 1 --directions 2");
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_TRUE(holds(again.err, " 0 pushes to run")) << again.err;
  EXPECT_EQ(exported("run.db", "units"), before);
}

TEST_F(Sweep, OtherExamplesDoNotChangeAResponse) {
  expect_done("-o both.db --epsilons 1,2 --directions 2 --layers 1");
  expect_done("-o one.db --epsilons 1,2 --directions 2 --layers 1 --max-examples 1");
  const std::string one = exported("one.db", "responses");
  EXPECT_EQ(exported("both.db", "responses").substr(0, one.size()), one);
}

// The split of a matrix product over threads may round its sums differently: to the rounding of f32, the
// same.
TEST_F(Sweep, ThreadsDoNotChangeTheDirections) {
  expect_done("-o one.db --epsilons 1 --directions 2 --threads 1");
  expect_done("-o two.db --epsilons 1 --directions 2 --threads 2");
  const RunStore one = RunStore::open_read_only(folder_ / "one.db");
  const RunStore two = RunStore::open_read_only(folder_ / "two.db");
  for (const UnitKey& key : one.unit_keys()) {
    const auto expected = one.responses(key);
    const auto found = two.responses(key);
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(found[i].kl(), expected[i].kl(), 1e-4 * expected[i].kl());
  }
}

TEST_F(Sweep, ASkippedExampleIsNamedAndTheOthersAreMeasured) {
  std::string data = kData;
  data.replace(data.find("One is red and nine are not.\"}"), 28, "It is somewhere else.");
  write("data.json", data);
  const ProgramOutcome outcome = tugline("sweep $MODEL data.json -o run.db --epsilons 1");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "example 1 is skipped")) << outcome.err;
  const auto examples = RunStore::open_read_only(folder_ / "run.db").examples();
  EXPECT_EQ(examples[0].skipped, "");
  EXPECT_NE(examples[1].skipped, "");
}

TEST_F(Sweep, IfEveryExampleIsSkippedItSaysWhyBeforeAnythingIsLoadedOrMade) {
  write("data.json", R"([{"raw_response": "Quite another text. <think> Here.", "cot": "Not in there. At all.",
                          "thought_anchor_sentence": "Not in there."}])");
  const ProgramOutcome outcome = tugline("sweep $MODEL data.json -o run.db");
  EXPECT_EQ(outcome.status, 3) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "nothing to measure")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "example 0 is skipped")) << outcome.err;
  EXPECT_FALSE(holds(outcome.err, "loaded in")) << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run.db"));
}

TEST_F(Sweep, HelpShowsExamples) {
  const ProgramOutcome help = tugline("sweep --help");
  EXPECT_EQ(help.status, 0);
  EXPECT_TRUE(holds(help.out, "  tugline sweep model.gguf")) << help.out;
}

}  // namespace
}  // namespace tugline::test
