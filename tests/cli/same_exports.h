// Compares what two run stores export, for tests of the built program.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "commands.h"
#include "tugline/store/run_store.h"

namespace tugline::test {

class ComparedStores : public Commands {
 protected:
  // What the units took is the one thing that differs between two runs.
  [[nodiscard]] std::string exported(const std::string& store, const std::string& table) const {
    auto rows = result("export " + store + " --table " + table + " --format json");
    for (auto& row : rows) row.erase("seconds");
    return rows.dump();
  }
  void expect_equal(const std::string& found, const std::string& expected) const {
    for (const char* table : {"curves", "responses", "rows", "units", "examples", "distance"})
      EXPECT_EQ(exported(found, table), exported(expected, table)) << table;
    const auto skipped = [&](const std::string& name) {
      return RunStore::open_read_only(folder_ / name).skipped_spans();
    };
    EXPECT_EQ(skipped(found), skipped(expected));
  }
};

}  // namespace tugline::test
