#include "tugline/api/run_page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/made_records.h"
#include "support/made_runs.h"
#include "support/temporary_folder.h"
#include "tugline/core/measures.h"

namespace tugline {
namespace {

// A unit of many rows with ten moved tokens each.
UnitRecord long_unit(int64_t example, int32_t layer, int64_t rows) {
  UnitRecord unit = made_unit(example, layer, 0.5, {0, 2});
  unit.measured.rows.clear();
  for (int64_t row = 0; row < rows; ++row) unit.measured.rows.push_back(unit.measured.position + row);
  unit.measured.row_tokens.assign(static_cast<size_t>(rows), 7);
  const AskedMeasures asked{.moved_tokens = 5};
  for (ResponseRecord& response : unit.measured.responses) {
    response.rows = unmoved_rows(static_cast<size_t>(rows), asked);
    for (const char* name : {"rose", "fell"}) {
      std::vector<double>& lists = rows_of(response, name);
      for (size_t i = 0; i + 1 < lists.size(); i += 2) {
        lists[i] = static_cast<double>(1000 + i % 10);
        lists[i + 1] = response.epsilon / 3 / static_cast<double>(i + 2);
      }
    }
  }
  return unit;
}

nlohmann::json data_of(const std::string& page) {
  const std::string open = R"(<script type="application/json" id="data">)";
  const size_t begin = page.find(open) + open.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script", begin) - begin));
}

// Tokens of all would be 40 x 2 x 300 rows of 22 numbers: half a million.
TEST(RunPage, ALargeRunsPageStaysSmallAndSaysWhatItLeavesOut) {
  const TemporaryFolder folder;
  RunIdentity identity = made_identity();
  identity.fields[field::kMovedTokens] = "5";
  {
    RunStore store = RunStore::create_or_resume(folder / "run.db", identity, made_provenance());
    for (int64_t example = 0; example < 40; ++example) {
      store.put_example(made_example(example));
      for (const int32_t layer : {20, 29}) store.put_unit(long_unit(example, layer, 300));
    }
  }
  const std::string page = run_page(RunStore::open_read_only(folder / "run.db"), {.resamples = 200}, {}, {});
  EXPECT_LT(page.size(), 8'000'000U);
  const nlohmann::json data = data_of(page);
  EXPECT_NE(data["warnings"].dump().find("the tokens of 18 examples are not in it"), std::string::npos)
      << data["warnings"];
  ASSERT_EQ(data["transcripts"].size(), 40U);
  EXPECT_EQ(data["transcripts"][21]["spans"][0]["responses"][0]["rows"].size(), 300U);
  EXPECT_FALSE(data["transcripts"][22]["spans"][0]["responses"][0].contains("rows"));
  EXPECT_GT(data["transcripts"][39]["spans"][0]["responses"][1]["kl"].get<double>(), 0);
}

}  // namespace
}  // namespace tugline
