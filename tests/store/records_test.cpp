#include "tugline/store/records.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tugline {
namespace {

TEST(RunIdentity, HashIsSixteenHexDigitsAndNeverChanges) {
  // FNV-1a by hand: the empty identity is the offset basis; these values are part of what old stores say of
  // themselves.
  EXPECT_EQ(RunIdentity{}.hash(), "cbf29ce484222325");
  EXPECT_EQ((RunIdentity{{{"seed", "42"}}}.hash()), "893859ce94e58b34");
}

TEST(RunIdentity, HashTellsWhereANameEnds) {
  EXPECT_NE((RunIdentity{{{"ab", "c"}}}.hash()), (RunIdentity{{{"a", "bc"}}}.hash()));
  EXPECT_NE((RunIdentity{{{"a", "1"}, {"b", "2"}}}.hash()), (RunIdentity{{{"a", "12"}, {"b", ""}}}.hash()));
}

RC_GTEST_PROP(RunIdentity, EqualIdentitiesAndOnlyThoseShareAHash,
              (std::map<std::string, std::string> a, std::map<std::string, std::string> b)) {
  RC_ASSERT((RunIdentity{a}.hash() == RunIdentity{b}.hash()) == (a == b));
}

TEST(RunIdentity, DifferencesNameEveryFieldWithBothValues) {
  const RunIdentity stored{{{"seed", "42"}, {"layers", "20"}, {"gone", "x"}}};
  const RunIdentity wanted{{{"seed", "43"}, {"layers", "20"}, {"new", ""}}};
  EXPECT_EQ(differences(stored, wanted),
            (std::vector<std::string>{"gone: the store has \"x\", this run nothing",
                                      "new: the store has nothing, this run \"\"",
                                      "seed: the store has \"42\", this run \"43\""}));
  EXPECT_TRUE(differences(stored, stored).empty());
}

}  // namespace
}  // namespace tugline
