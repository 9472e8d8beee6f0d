#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "support/made_runs.h"

namespace tugline::test {
namespace {

class ReportCommand : public Commands {
 protected:
  void sweep(const std::string& options = "") const {
    const ProgramOutcome outcome = tugline(
        "sweep \"$MODEL\" data.json -o run.db --layers 0,1 --epsilons 0,0.5,1 --directions 2 --spans "
        "anchor,chunks " +
        options);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
  }
  [[nodiscard]] std::string text(const std::string& name) const { return file_text(folder_ / name); }
  [[nodiscard]] nlohmann::json data_of(const std::string& page) const {
    const std::string open = R"(<script type="application/json" id="data">)";
    const size_t begin = page.find(open) + open.size();
    return nlohmann::json::parse(page.substr(begin, page.find("</script", begin) - begin));
  }
};

TEST_F(ReportCommand, PageHasCurvesTranscriptsAndTokens) {
  sweep("--moved-tokens 2");
  ASSERT_EQ(tugline("report run.db -o report.html").status, 0);
  const nlohmann::json data = data_of(text("report.html"));
  EXPECT_EQ(data["epsilon"], 1);
  EXPECT_EQ(data["transcripts"].size(), 2u);
  const auto& span = data["transcripts"][0]["spans"][0];
  EXPECT_EQ(span["kind"], "anchor");
  EXPECT_EQ(span["responses"].size(), 2u);
  // The tokens of the rows before which the span's are predicted are the span's.
  std::string spelled;
  for (const auto& token : span["tokens"]) spelled += token.get<std::string>();
  EXPECT_EQ(spelled, span["text"].get<std::string>());
  EXPECT_EQ(span["responses"][0]["moved"].size(), span["tokens"].size());
}

TEST_F(ReportCommand, DataGivesTheWholeText) {
  sweep("--max-examples 1");
  ASSERT_EQ(tugline("report run.db data.json -o report.html").status, 0);
  const nlohmann::json data = data_of(text("report.html"));
  std::string whole;
  for (const auto& part : data["transcripts"][0]["text"]) whole += part[0].get<std::string>();
  EXPECT_EQ(whole, "The sum is on the sheet. So the total is 12. And so on, then.");
  EXPECT_EQ(data["transcripts"][0]["anchors"], nlohmann::json::array({1}));
}

TEST_F(ReportCommand, StandardOutputIsTheSamePage) {
  sweep();
  ASSERT_EQ(tugline("report run.db -o report.html").status, 0);
  EXPECT_EQ(printed("report run.db -o -"), text("report.html"));
}

TEST_F(ReportCommand, ReplacesItsOwnPagesOnly) {
  sweep();
  write("other.html", "<!doctype html><p>mine</p>");
  expect_refused("report run.db -o other.html",
                 "is there already and is not a page that tugline report wrote");
  EXPECT_EQ(text("other.html"), "<!doctype html><p>mine</p>");
  expect_refused("report run.db -o run.db", "this command reads that file");
  expect_refused("report run.db data.json -o data.json", "this command reads that file");
  EXPECT_EQ(tugline("report run.db -o report.html").status, 0);
  EXPECT_EQ(tugline("report run.db -o report.html").status, 0);
  EXPECT_EQ(tugline("report run.db -o other.html --force").status, 0);
}

TEST_F(ReportCommand, OtherDataIsRefusedAndNothingIsLeft) {
  sweep();
  write(
      "other.json",
      R"([{"prompt": "p", "model_input_prompt": "x ", "cot": "Another text is here. And so it goes on."}])");
  expect_refused("report run.db other.json -o report.html", "give the dataset that the run was swept over");
  expect_refused("report run.db no.json -o report.html", "no.json");
  expect_refused("report run.db -o no/folder/report.html", "no/folder/report.html");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "report.html"));
}

TEST_F(ReportCommand, StoreWithoutUnitsIsRefused) {
  (void)RunStore::create_or_resume(folder_ / "empty.db", made_identity(), made_provenance());
  expect_refused("report empty.db -o report.html", "nothing is measured yet");
  expect_refused("report data.json -o report.html", "data.json");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "report.html"));
}

}  // namespace
}  // namespace tugline::test
