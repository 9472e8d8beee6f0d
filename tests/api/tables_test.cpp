// Rows of cells become columns: whole numbers stay whole until a fraction comes, texts win over numbers,
// nothing is lost on the way.
#include "tugline/api/tables.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tugline {
namespace {

using Texts = std::vector<std::string>;

Column column_of(const std::vector<Cell>& cells) {
  TableBuilder table("t", {"c"});
  for (const Cell& cell : cells) table.add(std::span(&cell, 1));
  return table.finish().columns.front();
}

TEST(TableBuilder, KeepsTheNarrowestType) {
  EXPECT_EQ(std::get<std::vector<int64_t>>(column_of({int64_t{1}, int64_t{-2}}).values),
            (std::vector<int64_t>{1, -2}));
  EXPECT_EQ(std::get<std::vector<double>>(column_of({int64_t{1}, 0.5, int64_t{3}}).values),
            (std::vector<double>{1, 0.5, 3}));
  EXPECT_EQ(std::get<Texts>(column_of({int64_t{1}, 0.5, std::string("a"), int64_t{7}}).values),
            (Texts{"1", "0.5", "a", "7"}));
  EXPECT_EQ(std::get<std::vector<double>>(column_of({0.1F, 0.5}).values), (std::vector<double>{0.1, 0.5}));
}

TEST(TableBuilder, MissingCellsAreMarked) {
  const Column whole = column_of({Cell(), int64_t{4}, Cell()});
  EXPECT_EQ(std::get<std::vector<int64_t>>(whole.values), (std::vector<int64_t>{0, 4, 0}));
  EXPECT_EQ(whole.missing, (std::vector<uint8_t>{1, 0, 1}));
  EXPECT_TRUE(std::isnan(std::get<std::vector<double>>(column_of({int64_t{1}, Cell(), 0.5}).values)[1]));
  const Column texts = column_of({Cell(), std::string("x"), Cell()});
  EXPECT_EQ(std::get<Texts>(texts.values), (Texts{"", "x", ""}));
  EXPECT_EQ(texts.missing, (std::vector<uint8_t>{1, 0, 1}));
}

}  // namespace
}  // namespace tugline
