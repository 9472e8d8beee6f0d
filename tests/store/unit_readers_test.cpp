#include "tugline/store/unit_readers.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "support/expect_error.h"
#include "support/made_runs.h"
#include "support/temporary_folder.h"

namespace tugline {
namespace {

constexpr int kUnits = 40;  // enough for two readers

class UnitReaders : public ::testing::Test {
 protected:
  UnitReaders() {
    RunStore store = RunStore::create_or_resume(path_, made_identity(), {});
    for (int64_t example = 0; example < kUnits; ++example) {
      store.put_example(made_example(example));
      store.put_unit(made_unit(example, 1, 1.0 + static_cast<double>(example)));
    }
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "run.db";
};

TEST_F(UnitReaders, UnitsAreUsedInOrderOnTheCallingThread) {
  const RunStore store = RunStore::open_read_only(path_);
  const std::vector<UnitRecord> units = store.units();
  size_t used = 0;
  for_each_unit(store, units, RowValues::kRead,
                [&, caller = std::this_thread::get_id()](const UnitRecord& unit,
                                                         const std::vector<ResponseRecord>& responses) {
                  EXPECT_EQ(std::this_thread::get_id(), caller);
                  EXPECT_EQ(&unit, &units[used]);
                  EXPECT_EQ(responses, store.responses(unit.key));
                  ++used;
                });
  EXPECT_EQ(used, units.size());
  for_each_unit(store, {}, RowValues::kRead, [](const UnitRecord&, const auto&) { ADD_FAILURE(); });
}

TEST_F(UnitReaders, TextsAreUsedInOrder) {
  const RunStore store = RunStore::open_read_only(path_);
  const std::vector<UnitRecord> units = store.units();
  const auto text_of = [](const UnitRecord& unit, const std::vector<ResponseRecord>& responses) {
    return std::to_string(unit.key.example) + ": " + std::to_string(responses.size()) + "\n";
  };
  std::string expected;
  for (const UnitRecord& unit : units) expected += text_of(unit, store.responses(unit.key));
  std::string found;
  for_each_text(store, units, RowValues::kSkip, text_of, [&](const std::string& text) { found += text; });
  EXPECT_EQ(found, expected);
}

TEST_F(UnitReaders, WhatMakingATextThrowsEndsTheLoop) {
  const RunStore store = RunStore::open_read_only(path_);
  const auto throwing = [](const UnitRecord& unit, const auto&) -> std::string {
    if (unit.key.example == 21) throw std::runtime_error("enough");
    return "";
  };
  EXPECT_THROW(for_each_text(store, store.units(), RowValues::kSkip, throwing, [](const std::string&) {}),
               std::runtime_error);
}

TEST_F(UnitReaders, WhatUseThrowsEndsTheLoop) {
  const RunStore store = RunStore::open_read_only(path_);
  const std::vector<UnitRecord> units = store.units();
  for (int last = 0; last < kUnits; last += 13) {
    int used = 0;
    EXPECT_THROW(for_each_unit(store, units, RowValues::kSkip,
                               [&](const UnitRecord&, const auto&) {
                                 if (used++ == last) throw std::runtime_error("enough");
                               }),
                 std::runtime_error);
    EXPECT_EQ(used, last + 1);
  }
}

TEST_F(UnitReaders, AUnitThatCannotBeReadEndsTheLoop) {
  for (const int damaged : {1, 20, 21, kUnits}) {
    const std::filesystem::path copy = folder_ / "damaged.db";
    std::filesystem::copy_file(path_, copy, std::filesystem::copy_options::overwrite_existing);
    SQLite::Database(copy, SQLite::OPEN_READWRITE)
        .exec("UPDATE responses SET kl = 7 WHERE unit = " + std::to_string(damaged));
    const RunStore store = RunStore::open_read_only(copy);
    const std::vector<UnitRecord> units = store.units();
    int used = 0;
    const Error e = error_of([&] {
      for_each_unit(store, units, RowValues::kSkip, [&](const UnitRecord&, const auto&) { ++used; });
    });
    EXPECT_EQ(e.code(), ErrorCode::kInput) << e.what();
    EXPECT_LT(used, damaged);
  }
}

}  // namespace
}  // namespace tugline
