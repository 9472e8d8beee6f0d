// The file that names a store's writer, on file systems whose locks reach everybody, this host only, or
// nobody.
#include "tugline/store/writer_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>

#include "support/expect_error.h"
#include "support/holds.h"
#include "support/made_runs.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "tugline/store/lock_reach.h"
#include "tugline/store/store_owner.h"

namespace tugline {
namespace {

using std::filesystem::path;
constexpr std::chrono::milliseconds kBrief{50};

class WriterLocks : public testing::Test {
 protected:
  [[nodiscard]] std::string refusal(LockReach reach) const {
    const Error e = error_of([&] { const WriterLock lock(store_, kBrief, reach); });
    EXPECT_EQ(e.code(), ErrorCode::kIo) << e.what();
    return e.what();
  }
  // A process that takes the lock and is killed with it.
  void leave_lock_of_killed(LockReach reach) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const WriterLock lock(store_, kBrief, reach);
      ::kill(::getpid(), SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    ASSERT_TRUE(std::filesystem::exists(lock_));
  }
  void name_owner(const StoreOwner& owner) const { std::ofstream(lock_) << owner_text(owner); }

  TemporaryFolder folder_;
  path store_ = folder_ / "run.db";
  path lock_ = folder_ / "run.db-lock";
};

TEST_F(WriterLocks, ASecondWriterIsToldTheProcessAndHostOfTheFirst) {
  for (const LockReach reach : {LockReach::kEverywhere, LockReach::kThisHost}) {
    {
      const WriterLock first(store_, kBrief, reach);
      EXPECT_EQ(folder_.names(), std::vector<std::string>{"run.db-lock"});
      const std::string said = refusal(reach);
      EXPECT_TRUE(holds(said, described(this_process()) + " is writing this run store")) << said;
      EXPECT_FALSE(holds(said, "delete")) << said;
    }
    EXPECT_TRUE(folder_.names().empty());
    const WriterLock again(store_, kBrief, reach);
  }
}

TEST_F(WriterLocks, WhatAKilledWriterOfThisHostLeftBlocksNobody) {
  for (const LockReach reach : {LockReach::kEverywhere, LockReach::kThisHost}) {
    leave_lock_of_killed(reach);
    {
      const WriterLock next(store_, kBrief, reach);
      EXPECT_TRUE(holds(refusal(reach), "is writing"));
    }
    EXPECT_TRUE(folder_.names().empty());
  }
}

TEST_F(WriterLocks, AProcessThatGotTheNumberOfADeadOneIsNotItsOwner) {
  StoreOwner owner = this_process();
  owner.started = "1";
  name_owner(owner);
  const WriterLock lock(store_, kBrief, LockReach::kThisHost);
}

TEST_F(WriterLocks, WithoutLocksAWriterOfAnotherHostIsTakenAsAlive) {
  StoreOwner owner = this_process();
  owner.host = "another-host";
  for (const bool is_host : {true, false}) {
    if (!is_host) {  // the same host after its next boot, or another container
      owner = this_process();
      owner.processes = "another-boot/pid:[1]";
    }
    name_owner(owner);
    const std::string said = refusal(LockReach::kThisHost);
    EXPECT_TRUE(holds(said, described(owner))) << said;
    EXPECT_TRUE(holds(said, "delete " + lock_.string())) << said;
    EXPECT_EQ(folder_.names(), std::vector<std::string>{"run.db-lock"});
    EXPECT_EQ(file_text(lock_), owner_text(owner));
    // If locks reach everybody, the lock is free because its owner has ended.
    const WriterLock lock(store_, kBrief, LockReach::kEverywhere);
  }
}

TEST_F(WriterLocks, WithoutLocksAFileThatNamesNobodyIsRefused) {
  for (const char* text : {"", "4711", "process x host y started z of a\n"}) {
    std::ofstream(lock_) << text;
    EXPECT_TRUE(holds(refusal(LockReach::kThisHost), "another process")) << text;
    EXPECT_EQ(file_text(lock_), text);
  }
}

// Twenty processes at once, after a killed writer: one at a time has the lock.
TEST_F(WriterLocks, OneOfManyHasIt) {
  for (const LockReach reach : {LockReach::kEverywhere, LockReach::kThisHost}) {
    leave_lock_of_killed(reach);
    const path held = folder_ / "held";
    std::vector<pid_t> children;
    for (int i = 0; i < 20; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        bool is_alone = false;
        try {
          const WriterLock lock(store_, std::chrono::seconds(60), reach);
          is_alone = std::filesystem::create_directory(held);
          ::usleep(3000);
          std::filesystem::remove(held);
        } catch (const Error&) {
          ::_exit(2);
        }
        ::_exit(is_alone ? 0 : 1);
      }
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      EXPECT_EQ(WEXITSTATUS(status), 0);
    }
    EXPECT_TRUE(folder_.names().empty());
  }
}

TEST_F(WriterLocks, AFileOfAnotherIsNotRemoved) {
  {
    const WriterLock lock(store_, kBrief, LockReach::kThisHost);
    std::filesystem::remove(lock_);  // by a user who believes that the writer is dead
    std::ofstream(lock_) << "of the next";
  }
  EXPECT_EQ(file_text(lock_), "of the next");
}

TEST(StoreOwners, AreReadBack) {
  const StoreOwner self = this_process();
  EXPECT_EQ(parse_owner(owner_text(self)), self);
  EXPECT_EQ(state_of(self), OwnerState::kAlive);
  for (const char* text : {"", "process", "4711", "process -3 host h started 1 of b\n",
                           "process 3 host h started 1 of b", "process 3 host h started 1 of b\nmore\n"})
    EXPECT_FALSE(parse_owner(text)) << text;
}

// The types are those of linux/magic.h.
TEST(LockReaches, NetworkMountsWithoutLocksAreKnown) {
  constexpr unsigned long kExt4 = 0xEF53, kNfs = 0x6969, kLustre = 0x0BD00BD0, kFuse = 0x65735546,
                          kCeph = 0x00C36400, kSmb2 = 0xFE534D42;
  const std::pair<std::pair<unsigned long, const char*>, LockReach> cases[] = {
      {{kExt4, "rw,relatime"}, LockReach::kEverywhere},
      {{kNfs, "rw,relatime,rw,vers=4.2,local_lock=none,addr=10.0.0.1"}, LockReach::kEverywhere},
      {{kNfs, "rw,rw,vers=3,nolock,local_lock=all"}, LockReach::kThisHost},
      {{kNfs, "rw,rw,vers=3,local_lock=flock"}, LockReach::kThisHost},
      {{kNfs, "rw,rw,vers=3,local_lock=posix"}, LockReach::kThisHost},
      {{kNfs, ""}, LockReach::kThisHost},
      {{kLustre, "rw,flock,lazystatfs"}, LockReach::kEverywhere},
      {{kLustre, "rw,localflock"}, LockReach::kThisHost},
      {{kLustre, "rw"}, LockReach::kThisHost},
      {{kFuse, "rw,user_id=0"}, LockReach::kThisHost},
      {{kSmb2, "rw,vers=3.1.1"}, LockReach::kThisHost},
      {{kCeph, "rw"}, LockReach::kEverywhere}};
  for (const auto& [mount, reach] : cases)
    EXPECT_EQ(lock_reach_of(mount.first, mount.second), reach) << mount.first << " " << mount.second;
}

}  // namespace
}  // namespace tugline
