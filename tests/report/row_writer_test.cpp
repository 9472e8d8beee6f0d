#include "tugline/report/row_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>

#include "tugline/report/cell_json.h"

namespace tugline {
namespace {

constexpr std::array<std::string_view, 2> kColumns = {"name", "value"};

std::string table_of(TextFormat format, const std::vector<std::array<Cell, 2>>& rows) {
  std::string text;
  RowWriter writer(format, kColumns, [&](std::string_view piece) { text += piece; });
  for (const auto& row : rows) {
    writer.row(row);
  }
  writer.finish();
  return text;
}

TEST(RowWriter, CsvQuotesWhatNeedsIt) {
  EXPECT_EQ(table_of(TextFormat::kCsv, {{std::string("plain"), int64_t{-1}},
                                        {std::string("a,b"), 0.1},
                                        {std::string("say \"no\"\nor yes"), Cell()}}),
            "name,value\nplain,-1\n\"a,b\",0.1\n\"say \"\"no\"\"\nor yes\",\n");
}

TEST(RowWriter, JsonIsReadBack) {
  const std::string awkward = "quote \" slash \\ line \n euro \u20ac bad \xff";
  const auto parsed = nlohmann::json::parse(
      table_of(TextFormat::kJson, {{awkward, 0.1}, {std::string(), Cell()}, {std::string(), std::nan("")}}));
  ASSERT_EQ(parsed.size(), 3U);
  EXPECT_EQ(parsed[0]["name"], "quote \" slash \\ line \n euro \u20ac bad \ufffd");
  EXPECT_EQ(parsed[0]["value"], 0.1);
  EXPECT_TRUE(parsed[1]["value"].is_null());
  EXPECT_TRUE(parsed[2]["value"].is_null());
  EXPECT_EQ(nlohmann::json::parse(table_of(TextFormat::kJson, {})).size(), 0U);
}

RC_GTEST_PROP(RowWriter, NumbersReadBackToTheSameDouble, (uint64_t seed)) {
  const auto value = std::bit_cast<double>(seed * 0x9e3779b97f4a7c15ULL);
  RC_PRE(std::isfinite(value));
  RC_ASSERT(std::bit_cast<uint64_t>(std::strtod(shortest_text(value).c_str(), nullptr)) ==
            std::bit_cast<uint64_t>(value));
}

// The text of an f32 is that of the number that tables of Python and JSON of tug have.
RC_GTEST_PROP(RowWriter, AnF32HasTheTextOfItsShortestDouble, (uint32_t seed)) {
  const auto value = std::bit_cast<float>(seed * 0x9e3779b9U);
  RC_PRE(std::isfinite(value));
  const std::string text = shortest_text(shortest_double(value));
  RC_ASSERT(table_of(TextFormat::kCsv, {{std::string("x"), value}}) == "name,value\nx," + text + "\n");
  RC_ASSERT(std::strtof(text.c_str(), nullptr) == value);
  RC_ASSERT(json_of(value).get<double>() == shortest_double(value));
}

TEST(RowWriter, ARowsValueIsAnF32IfItCanBe) {
  EXPECT_EQ(row_cell(RowType::kF32, double{0.1F}), Cell(0.1F));
  EXPECT_EQ(row_cell(RowType::kRounded, 0.1), Cell(0.1));
  EXPECT_EQ(row_cell(RowType::kFlag, 1), Cell(int64_t{1}));
  EXPECT_EQ(json_of(Cell(0.1F)).dump(), "0.1");
}

TEST(RowWriter, NumbersAreTheShortest) {
  EXPECT_EQ(shortest_text(0.1), "0.1");
  EXPECT_EQ(shortest_text(0), "0");
  EXPECT_EQ(shortest_text(6e-5), "6e-05");
  EXPECT_EQ(shortest_text(std::numeric_limits<double>::denorm_min()), "5e-324");
}

}  // namespace
}  // namespace tugline
