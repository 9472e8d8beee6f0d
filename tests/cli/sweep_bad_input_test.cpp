// What is wrong with a sweep's input ends it with status 2, a message that names it, and nothing left behind.
#include "commands.h"
#include "tugline/store/run_store.h"

namespace tugline::test {
namespace {

class SweepBadInput : public Commands {
 protected:
  // As expect_refused, and the folder holds what it held.
  void expect_nothing_left(const std::string& arguments, const std::string& words) const {
    const auto before = folder_.names();
    expect_refused("sweep " + arguments, words);
    EXPECT_EQ(folder_.names(), before) << arguments;
  }
  void expect_data_refused(const std::string& data, const std::string& words) const {
    write("bad.json", data);
    expect_nothing_left("$MODEL bad.json -o run.db", words);
  }
  void expect_config_refused(const std::string& toml, const std::string& words) const {
    write("run.toml", toml);
    expect_nothing_left("$MODEL data.json -o run.db --config run.toml", words);
  }
};

TEST_F(SweepBadInput, Options) {
  const std::string run = "$MODEL data.json -o run.db ";
  expect_nothing_left(run + "--layers 4", "no layer 4");
  expect_nothing_left(run + "--layers -5", "no layer -5");
  expect_nothing_left(run + "--layers two", "'two'");
  expect_nothing_left(run + "--layers 3:2", "--layers");
  expect_nothing_left(run + "--epsilons 1,nan", "--epsilons");
  expect_nothing_left(run + "--epsilons 1,2,x", "'x' is not a number");
  expect_nothing_left(run + "--epsilons 1,1", "1 is given twice");
  expect_nothing_left(run + "--directions 0", "--directions");
  expect_nothing_left(run + "--directions 1e3", "--directions");
  expect_nothing_left(run + "--seed -3", "--seed");
  expect_nothing_left(run + "--spans sentences", "sentences");
  expect_nothing_left(run + "--readout all", "--readout");
  expect_nothing_left(run + "--hook resid_attn", "--hook");
  expect_nothing_left(run + "--hook z", "say which, 0 to 3");
  expect_nothing_left(run + "--hook z --head 12", "no head 12");
  expect_nothing_left(run + "--head 0", "only the hook 'z'");
  expect_nothing_left(run + "--at last", "'following' or 'downstream'");
  expect_nothing_left(run + "--at every --readout following --push interpolation --epsilons 0,1", "'every'");
  expect_nothing_left(run + "--hook z --head 1 --direction-family principal --directions 9", "principal");
  expect_nothing_left(run + "--push turn", "--push");
  expect_nothing_left(run + "--push interpolation --epsilons 0,2", "from 0 to 1");
  expect_nothing_left(run + "--push rotation --epsilons 12", "half a turn");
  expect_nothing_left(run + "--direction-family principal --directions 33", "principal");
  expect_nothing_left(run + "--orthogonal-to nothing.npy", "nothing.npy");
  expect_nothing_left(run + "--bos perhaps", "--bos");
  expect_nothing_left(run + "--direction-family pca", "--direction-family");
  expect_nothing_left(run + "--precision f8", "--precision");
  expect_nothing_left(run + "--precision plain-bf16 --vocabulary sampled", "--vocabulary sampled");
  expect_nothing_left(run + "--vocabulary half", "--vocabulary");
  expect_nothing_left(run + "--temperature 0", "--temperature");
  expect_nothing_left(run + "--preset paper", "--preset");
  expect_nothing_left(run + "--preset full", "no layer 20");
  expect_nothing_left(run + "--max-examples 0", "--max-examples");
  expect_nothing_left(run + "--audit -1", "--audit");
  expect_nothing_left(run + "--audit some", "--audit");
  expect_nothing_left(run + "--threads 0", "--threads");
  expect_nothing_left(run + "--memory-limit 4GB", "4GB");
  expect_nothing_left(run + "--memory-limit 1KiB", "--memory-limit");
  expect_nothing_left(run + "--nonsense", "--nonsense");
  expect_nothing_left(run + "extra", "extra");
  expect_nothing_left("$MODEL data.json", "--output");
  expect_nothing_left("$MODEL -o run.db", "DATA");
}

TEST_F(SweepBadInput, Model) {
  expect_nothing_left("nowhere data.json -o run.db", "nowhere");
  expect_nothing_left("some/model data.json -o run.db", "some/model");
  expect_nothing_left(". data.json -o run.db", "holds no");
  expect_nothing_left("data.json data.json -o run.db", "data.json");
}

// A copy of the tiny model with one file changed.
TEST_F(SweepBadInput, DamagedModels) {
  const auto damaged = [&](const std::string& file, const std::string& text, const std::string& words) {
    std::filesystem::remove_all(folder_ / "model");
    std::filesystem::copy(kTinyModel, folder_ / "model");
    write("model/" + file, text);
    expect_nothing_left("model data.json -o run.db", words);
  };
  const std::string weights = file_text(kTinyModel + "/model.safetensors");
  damaged("model.safetensors", weights.substr(0, weights.size() / 2), "model.safetensors");
  damaged("model.safetensors", weights.substr(0, 100), "model.safetensors");
  damaged("model.safetensors", "", "model.safetensors");
  std::string not_numbers = weights;
  for (size_t i = not_numbers.size() - 400; i < not_numbers.size(); ++i) not_numbers[i] = '\xff';
  damaged("model.safetensors", not_numbers, "must be finite");
  damaged("config.json", "{}", "config.json");
  damaged("config.json", "{", "config.json");
  std::string config = file_text(kTinyModel + "/config.json");
  damaged("config.json", config.replace(config.find("Qwen2For"), 8, "Mamba2For"), "Mamba2For");
  damaged("tokenizer.json", "[]", "tokenizer.json");
}

TEST_F(SweepBadInput, Data) {
  expect_nothing_left("$MODEL none.json -o run.db", "none.json");
  expect_nothing_left("$MODEL . -o run.db", "found a directory");
  expect_data_refused("", "bad.json");
  expect_data_refused("not JSON", "bad.json");
  expect_data_refused("[]", "bad.json");
  expect_data_refused("{}", "bad.json");
  expect_data_refused("[1]", "bad.json");
  expect_data_refused("[{}]", "example 0");
  expect_data_refused(R"([{"raw_response": 5, "cot": "a"}])", "raw_response");
  expect_data_refused(R"([{"raw_response": "a", "cot": ["a"]}])", "cot");
  expect_data_refused(R"([{"raw_response": "a", "cot": "a", "thought_anchor_idx": "1"}])",
                      "thought_anchor_idx");
}

TEST_F(SweepBadInput, ATranscriptThatTheModelCannotRunNamesItsExample) {
  std::string data = kData;
  const size_t at = data.rfind("Take. ");
  data.insert(at, std::string(600, 'q') + " ");
  expect_data_refused(data, "example 1: the transcript has 6");
}

TEST_F(SweepBadInput, IdsOutsideTheVocabulary) {
  std::filesystem::copy(kTinyModel, folder_ / "model");
  std::string tokenizer = file_text(kTinyModel + "/tokenizer.json");
  tokenizer.replace(tokenizer.find("\"id\":277"), 8, "\"id\":300");  // <think>, which both transcripts have
  write("model/tokenizer.json", tokenizer);
  expect_nothing_left("model data.json -o run.db", "token id 300");
}

TEST_F(SweepBadInput, Config) {
  expect_nothing_left("$MODEL data.json -o run.db --config none.toml", "none.toml");
  expect_nothing_left("$MODEL data.json -o run.db --config .", "--config");
  expect_config_refused("layer = 3\n", "'layer' is not an option");
  expect_config_refused("config = \"other.toml\"\n", "'config' is not an option");
  expect_config_refused("layers = 9\n", "no layer 9");
  expect_config_refused("readout = \"all\"\n", "run.toml");
  expect_config_refused("directions = \"many\"\n", "run.toml");
  expect_config_refused("[sweep]\nlayers = 1\n", "[sweep]");
  expect_config_refused("seed = 1\nseed = 2\n", "'seed'");
  expect_config_refused("directions = 3\ndirection-file = \"a.npy\"\n", "cannot be combined");
  expect_config_refused("this is no option\n", "not an option");
}

TEST_F(SweepBadInput, DirectionFiles) {
  const std::string run = "$MODEL data.json -o run.db --direction-file ";
  expect_nothing_left(run + "none.npy", "none.npy");
  expect_nothing_left(run + "data.json", "data.json");
  expect_nothing_left(run + "'" TUGLINE_FIXTURES "/files/f64.npy'", "32");  // of another width
  expect_nothing_left(run + "$MODEL/model.safetensors", "model.safetensors");
  expect_nothing_left(run + "$MODEL/model.safetensors:model.norm.weight --direction-sharing independent",
                      "independent");
  expect_nothing_left(run + "none.npy --directions 3", "--direction");
}

TEST_F(SweepBadInput, Output) {
  write("notes.txt", "mine");
  std::filesystem::create_directory(folder_ / "folder");
  expect_nothing_left("$MODEL data.json -o none/run.db", "none");
  expect_nothing_left("$MODEL data.json -o folder", "folder");
  expect_nothing_left("$MODEL data.json -o notes.txt", "notes.txt");
  expect_nothing_left("$MODEL data.json -o /dev/full", "/dev/full");
  EXPECT_EQ(file_text(folder_ / "notes.txt"), "mine");
}

TEST_F(SweepBadInput, AnotherConfigurationOnAStoreNamesWhatDiffers) {
  ASSERT_EQ(tugline("sweep $MODEL data.json -o run.db --epsilons 1 --seed 1").status, 0);
  const std::string before = file_text(folder_ / "run.db");
  expect_nothing_left("$MODEL data.json -o run.db --epsilons 1 --seed 2", "seed");
  EXPECT_EQ(file_text(folder_ / "run.db"), before);
}

}  // namespace
}  // namespace tugline::test
