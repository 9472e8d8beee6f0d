// The shard that a launcher's variables mean, by the variables that Open MPI 4.1, MPICH and Slurm 22.05 set.
#include "tugline/api/launched_shard.h"

#include <gtest/gtest.h>

#include <map>

#include "tugline/core/error.h"

namespace tugline::test {
namespace {

using Set = std::map<std::string, std::string>;

Shard shard_in(const Set& set) {
  return launched_shard([&](const std::string& name) -> std::optional<std::string> {
    const auto found = set.find(name);
    if (found == set.end()) return std::nullopt;
    return found->second;
  });
}

void expect_refused(const Set& set, const std::string& words) {
  try {
    const Shard shard = shard_in(set);
    ADD_FAILURE() << described(shard) << "; should be refused: " << words;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_EQ(error.setting(), "shard");
    EXPECT_NE(error.message().find(words), std::string::npos) << error.message() << "\nshould say: " << words;
  }
}

Set array(const char* task, const char* count, const char* first, const char* last, const char* step) {
  return {{"SLURM_JOB_ID", "8"},           {"SLURM_PROCID", "0"},
          {"SLURM_ARRAY_TASK_ID", task},   {"SLURM_ARRAY_TASK_COUNT", count},
          {"SLURM_ARRAY_TASK_MIN", first}, {"SLURM_ARRAY_TASK_MAX", last},
          {"SLURM_ARRAY_TASK_STEP", step}};
}

Set with(Set set, const Set& more) {
  for (const auto& [name, value] : more) set[name] = value;
  return set;
}

const Set kStep{{"SLURM_JOB_ID", "8"}, {"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "1"},
                {"SLURM_NTASKS", "2"}, {"SLURM_NPROCS", "2"},  {"SLURM_STEP_NUM_TASKS", "2"}};
const Set kBatchScript{{"SLURM_JOB_ID", "8"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "2"}};

TEST(LaunchedShard, IsTheRankOfAnMpiLauncher) {
  EXPECT_EQ(shard_in({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "16"}}), (Shard{1, 16}));
  EXPECT_EQ(shard_in({{"PMI_RANK", "15"}, {"PMI_SIZE", "16"}}), (Shard{16, 16}));
  EXPECT_TRUE(shard_in({{"PMI_RANK", "0"}, {"PMI_SIZE", "1"}}).is_whole());
}

TEST(LaunchedShard, IsTheTaskOfSrun) {
  EXPECT_EQ(shard_in(kStep), (Shard{2, 2}));
  EXPECT_EQ(shard_in({{"SLURM_PROCID", "2"}, {"SLURM_NTASKS", "4"}}), (Shard{3, 4}));
  EXPECT_EQ(shard_in(with(kStep, {{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}})), (Shard{2, 2})) << "--mpi=pmi2";
  // A step of fewer tasks than the job has.
  EXPECT_EQ(shard_in(with(kStep, {{"SLURM_NTASKS", "8"}})), (Shard{2, 2}));
}

TEST(LaunchedShard, IsTheTaskOfAnArray) {
  EXPECT_EQ(shard_in(array("0", "4", "0", "3", "1")), (Shard{1, 4}));
  EXPECT_EQ(shard_in(array("4", "4", "1", "4", "1")), (Shard{4, 4}));
  EXPECT_EQ(shard_in(array("5", "3", "3", "7", "2")), (Shard{2, 3}));
  // --array=0-10:4 ends at 8, and Slurm says MAX=8 or 10.
  EXPECT_EQ(shard_in(array("8", "3", "0", "10", "4")), (Shard{3, 3}));
  // The batch script of a task that has several processors, and a step of one task in it.
  EXPECT_EQ(shard_in(with(array("1", "4", "0", "3", "1"), {{"SLURM_NTASKS", "2"}})), (Shard{2, 4}));
  EXPECT_EQ(
      shard_in(with(array("1", "4", "0", "3", "1"), {{"SLURM_STEP_ID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}})),
      (Shard{2, 4}));
}

// The daemons of mpirun are tasks of srun, and hand their variables on.
TEST(LaunchedShard, IsTheRankAndNotTheDaemonOfMpirunInASlurmJob) {
  const Set rank{{"OMPI_COMM_WORLD_RANK", "5"}, {"OMPI_COMM_WORLD_SIZE", "8"}};
  EXPECT_EQ(shard_in(with(kStep, rank)), (Shard{6, 8}));
  EXPECT_EQ(shard_in(with(kBatchScript, rank)), (Shard{6, 8}));
}

TEST(LaunchedShard, IsRefusedIfNoLauncherSaysIt) {
  expect_refused({}, "no launcher");
  expect_refused({{"SLURM_JOB_ID", "8"}, {"SLURM_PROCID", "0"}}, "no launcher");
  expect_refused(kBatchScript, "not one of its 2 tasks");
}

TEST(LaunchedShard, IsRefusedIfLaunchersDisagree) {
  const Set open_mpi{{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}};
  expect_refused(with(open_mpi, {{"PMI_RANK", "2"}, {"PMI_SIZE", "4"}}), "PMI_RANK and PMI_SIZE say rank 2");
  expect_refused(with(open_mpi, {{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}}), "SLURM_PROCID");
  expect_refused(with(array("1", "4", "0", "3", "1"), kStep), "the array or the ranks");
  expect_refused(with(array("1", "4", "0", "3", "1"), open_mpi), "the array or the ranks");
}

TEST(LaunchedShard, IsRefusedForAnArrayThatDoesNotSayThePlace) {
  expect_refused(array("5", "3", "1", "7", "1"), "with gaps");
  expect_refused(array("9", "4", "0", "3", "1"), "with gaps");
  expect_refused(array("1", "4", "0", "3", "0"), "with gaps");
  expect_refused(array("3", "1", "3", "3", "1"), "only the task 3");
  expect_refused({{"SLURM_ARRAY_TASK_ID", "3"}}, "not SLURM_ARRAY_TASK_COUNT");
}

TEST(LaunchedShard, IsRefusedForVariablesThatAreNoRank) {
  for (const char* rank : {"", "-1", "x", "1.5", "4", "99999999999999999999"})
    expect_refused({{"PMI_RANK", rank}, {"PMI_SIZE", "4"}}, "PMI_RANK is");
  expect_refused({{"PMI_RANK", "0"}, {"PMI_SIZE", "0"}}, "below the number of ranks");
  expect_refused({{"PMI_RANK", "0"}}, "PMI_RANK and not PMI_SIZE");
  expect_refused({{"OMPI_COMM_WORLD_SIZE", "4"}}, "OMPI_COMM_WORLD_SIZE and not OMPI_COMM_WORLD_RANK");
}

TEST(ShardPath, HasThePartInItsName) {
  EXPECT_EQ(path_of_shard("run-{shard}.db", {3, 16}), "run-03-of-16.db");
  EXPECT_EQ(path_of_shard("/a/b/{shard}-{shard}", {1, 1}), "/a/b/1-of-1-1-of-1");
}

TEST(ShardPath, IsRefusedIfTheFolderHasThePlace) {
  EXPECT_THROW((void)path_of_shard("runs/{shard}/run.db", {1, 2}), Error);
  EXPECT_EQ(path_of_shard("runs/run.db", {1, 2}), "runs/run.db");
}

}  // namespace
}  // namespace tugline::test
