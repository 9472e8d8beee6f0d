#include "tugline/report/page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace tugline {
namespace {

const std::string kHostile =
    "</script><script>alert(1)</script> <!-- ]]> \xff\xc3 \u2028 \"quotes\" \\ \n\t end";
const std::string kHostileShown =
    "</script><script>alert(1)</script> <!-- ]]> \ufffd\ufffd \u2028 \"quotes\" \\ \n\t end";

Page hostile_page() {
  Page page{.title = kHostile, .answers = {{.question = kHostile, .sentences = {kHostile}}}};
  page.warnings = {kHostile};
  page.facts = {{kHostile, kHostile}};
  page.tables.push_back({.title = kHostile,
                         .caption = kHostile,
                         .table = {.name = "t", .columns = {"a", "b"}, .rows = {{kHostile, 0.1}}}});
  page.transcripts.push_back({.id = kHostile, .prompt = kHostile, .text = {{.text = kHostile, .chunk = 2}}});
  PageSpan span{.kind = "chunk", .chunk = 2, .tokens = {3, 5}, .text = kHostile, .row_tokens = {"\xe2\x82"}};
  span.responses.push_back(
      {.layer = 7, .kl = 0.25, .rows = {{.kl = 0.123456789, .rose = {{kHostile, 0.5}}}}});
  page.transcripts.back().spans.push_back(span);
  return page;
}

TEST(Page, DataIsJsonThatNoTextCanLeave) {
  const std::string text = page_json(hostile_page());
  EXPECT_EQ(text.find('<'), std::string::npos);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["answers"][0]["sentences"][0], kHostileShown);
  EXPECT_EQ(json["transcripts"][0]["text"][0], nlohmann::json::array({kHostileShown, 2}));
  EXPECT_EQ(json["tables"][0]["rows"][0], nlohmann::json::array({kHostileShown, 0.1}));
  const auto& response = json["transcripts"][0]["spans"][0]["responses"][0];
  EXPECT_EQ(response["moved"][0][0][0][0], kHostileShown);
}

TEST(Page, NumbersOfTablesAreWholeAndThoseOfRowsShort) {
  Page page = hostile_page();
  page.tables[0].table.rows = {{1.0 / 3, std::monostate{}}, {int64_t{1} << 53, 1e-300}};
  const auto json = nlohmann::json::parse(page_json(page));
  EXPECT_EQ(json["tables"][0]["rows"][0][0].get<double>(), 1.0 / 3);
  EXPECT_TRUE(json["tables"][0]["rows"][0][1].is_null());
  EXPECT_EQ(json["tables"][0]["rows"][1][0].get<int64_t>(), int64_t{1} << 53);
  EXPECT_EQ(json["tables"][0]["rows"][1][1].get<double>(), 1e-300);
  const auto& response = json["transcripts"][0]["spans"][0]["responses"][0];
  EXPECT_EQ(response["rows"][0].get<double>(), 0.12346);
  EXPECT_EQ(response["kl"].get<double>(), 0.25);
  EXPECT_TRUE(response["delta"][0].is_null());
}

// The element is closed where the data ends, and nowhere before.
TEST(Page, HtmlHoldsItsDataWhole) {
  const std::string html = page_html(hostile_page());
  EXPECT_TRUE(html.starts_with(page_mark()));
  const std::string open = R"(<script type="application/json" id="data">)";
  const size_t begin = html.find(open) + open.size();
  const std::string data = html.substr(begin, html.find("</script", begin) - begin);
  EXPECT_EQ(data, page_json(hostile_page()));
  EXPECT_EQ(html.find("{{"), std::string::npos);
  EXPECT_EQ(html.find(kHostile), std::string::npos);
}

TEST(Page, TitleIsEscapedOnceForEachPlace) {
  const std::string html = page_html({.title = "a < b & \xff"});
  EXPECT_NE(html.find("<title>a &lt; b &amp; \ufffd</title>"), std::string::npos);
  EXPECT_NE(html.find("<h1>a &lt; b &amp; \ufffd</h1>"), std::string::npos);
}

// Marks of the template in a text are text.
TEST(Page, TextThatLooksLikeAMarkStays) {
  const std::string html = page_html({.title = "{{data}} {{title}}"});
  EXPECT_NE(html.find("<h1>{{data}} {{title}}</h1>"), std::string::npos);
}

TEST(Page, AsksForNothingFromANetwork) {
  const std::string html = page_html({.title = "t"});
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  for (const char* word : {"src=\"", "@import", "url(", "<link"})
    EXPECT_EQ(html.find(word), std::string::npos) << word;
}

}  // namespace
}  // namespace tugline
