// Units that failed: kept with their reason, replaced, merged, and gone when the unit is measured.
#include "tugline/store/failure_rows.h"

#include <gtest/gtest.h>

#include "support/made_runs.h"
#include "support/temporary_folder.h"
#include "tugline/core/error.h"
#include "tugline/store/merge.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

class Failures : public testing::Test {
 protected:
  [[nodiscard]] RunStore store(const std::string& name = "run.db") const {
    RunStore store = RunStore::create_or_resume(folder_ / name, made_identity(), made_provenance());
    store.put_example(made_example(4));
    return store;
  }
  [[nodiscard]] std::vector<std::string> reasons(const std::string& name = "run.db") const {
    std::vector<std::string> reasons;
    const RunStore run = RunStore::open_read_only(folder_ / name);
    run.check_everything();
    for (const FailedUnit& failed : run.failures()) reasons.push_back(failed.reason);
    return reasons;
  }
  static FailedUnit failed(int32_t layer, const std::string& reason) {
    const UnitRecord unit = made_unit(4, layer, 1);
    return {.key = unit.key, .span = unit.span, .reason = reason};
  }
  TemporaryFolder folder_;
};

TEST_F(Failures, AreKeptSortedByKeyWithTheirSession) {
  {
    RunStore run = store();
    run.put_failure(failed(21, "second"));
    run.put_failure(failed(20, "first"));
  }
  EXPECT_EQ(reasons(), (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(RunStore::open_read_only(folder_ / "run.db").failures().front().session, 1);
}

TEST_F(Failures, ALaterReasonReplacesAnEarlierOne) {
  store().put_failure(failed(20, "before"));
  store().put_failure(failed(20, "after"));
  EXPECT_EQ(reasons(), std::vector<std::string>{"after"});
  EXPECT_EQ(RunStore::open_read_only(folder_ / "run.db").failures().front().session, 2);
}

TEST_F(Failures, AUnitThatIsMeasuredHasNotFailedAnyMore) {
  RunStore run = store();
  run.put_failure(failed(20, "too large"));
  run.put_failure(failed(21, "too large"));
  run.put_unit(made_unit(4, 20, 1));
  EXPECT_EQ(reasons().size(), 1U);
  EXPECT_EQ(run.failures().front().key.layer, 21);
}

TEST_F(Failures, AreMergedUnlessAnotherStoreHasTheUnit) {
  {
    RunStore run = store("a.db");
    run.put_failure(failed(20, "of a"));
    run.put_failure(failed(21, "of a"));
    store("b.db").put_unit(made_unit(4, 20, 1));
  }
  for (const auto& [name, inputs] :
       {std::pair("ab.db", std::vector<std::filesystem::path>{folder_ / "a.db", folder_ / "b.db"}),
        std::pair("ba.db", std::vector<std::filesystem::path>{folder_ / "b.db", folder_ / "a.db"})}) {
    (void)merge_stores(folder_ / name, inputs);
    const RunStore merged = RunStore::open_read_only(folder_ / name);
    ASSERT_EQ(merged.failures().size(), 1U) << name;
    EXPECT_EQ(merged.failures().front().key.layer, 21) << name;
    EXPECT_EQ(merged.sessions_by_number().rbegin()->second.at("command"), "merge") << name;
  }
}

TEST_F(Failures, AreCoveredByTheChecksums) {
  store().put_failure(failed(20, "of a weight"));
  {
    SQLite::Database database((folder_ / "run.db").string(), SQLite::OPEN_READWRITE);
    database.exec("UPDATE failed_units SET reason = 'of nothing'");
  }
  EXPECT_THROW((void)RunStore::open_read_only(folder_ / "run.db"), Error);
}

}  // namespace
}  // namespace tugline
