#include "tugline/api/launched_shard.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "tugline/core/error.h"

namespace tugline {
namespace {

constexpr std::string_view kPlace = "{shard}";

// What says which of several processes this one is.
struct Said {
  std::string by = {};  // "OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE"
  Shard shard = {};
};

int64_t number_of(const std::string& name, const std::string& text) {
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc{} || stop != end || number < 0)
    refuse("shard", "{} is '{}' in the environment; expected a number from 0 up", name, text.substr(0, 40));
  return number;
}

std::optional<int64_t> number_in(const Variables& variables, const std::string& name) {
  const std::optional<std::string> text = variables(name);
  if (!text) return std::nullopt;
  return number_of(name, *text);
}

std::optional<Said> rank_in(const Variables& variables, const std::string& rank_name,
                            const std::string& size_name) {
  const std::optional<int64_t> rank = number_in(variables, rank_name);
  const std::optional<int64_t> size = number_in(variables, size_name);
  if (!rank && !size) return std::nullopt;
  if (!rank || !size)
    refuse("shard", "the environment has {} and not {}; expected both from a launcher",
           rank ? rank_name : size_name, rank ? size_name : rank_name);
  if (*rank >= *size)
    refuse("shard", "{} is {} and {} is {} in the environment; expected a rank below the number of ranks",
           rank_name, *rank, size_name, *size);
  return Said{rank_name + " and " + size_name, {.number = *rank + 1, .count = *size}};
}

void expect_agreement(const std::optional<Said>& a, const std::optional<Said>& b) {
  if (!a || !b || a->shard == b->shard) return;
  refuse("shard",
         "{} say rank {} of {}, and {} say rank {} of {}; give the part as I/N, or start the processes with "
         "one launcher",
         a->by, a->shard.number - 1, a->shard.count, b->by, b->shard.number - 1, b->shard.count);
}

// Slurm runs a batch script once, before any of the job's tasks; its variables look like those of task 0.
bool is_batch_script(const Variables& variables) {
  return variables("SLURM_JOB_ID") && !variables("SLURM_STEP_ID");
}

std::optional<Said> task_of_srun(const Variables& variables) {
  if (!variables("SLURM_PROCID") || is_batch_script(variables)) return std::nullopt;
  const bool has_step = variables("SLURM_STEP_NUM_TASKS").has_value();
  return rank_in(variables, "SLURM_PROCID", has_step ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS");
}

// The tasks of a launcher, if there is one. mpirun in a Slurm job starts its daemons with srun; the ranks
// inherit the daemons' variables, which say nothing of the ranks.
std::optional<Said> rank_of_launcher(const Variables& variables) {
  const auto open_mpi = rank_in(variables, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE");
  const auto pmi = rank_in(variables, "PMI_RANK", "PMI_SIZE");
  expect_agreement(open_mpi, pmi);
  const std::optional<Said> mpi = open_mpi ? open_mpi : pmi;
  if (mpi && variables("SLURM_JOB_ID")) return mpi;
  const std::optional<Said> slurm = task_of_srun(variables);
  expect_agreement(mpi, slurm);
  return mpi ? mpi : slurm;
}

// A task's place in its array: of --array=0-15, 1-16 or 0-30:2, the whole of which is the run.
std::optional<Said> task_of_array(const Variables& variables) {
  const std::optional<int64_t> task = number_in(variables, "SLURM_ARRAY_TASK_ID");
  if (!task) return std::nullopt;
  const auto wanted = [&](const char* name) {
    const std::optional<int64_t> number = number_in(variables, name);
    if (!number) refuse("shard", "the environment has SLURM_ARRAY_TASK_ID and not {}", name);
    return *number;
  };
  const int64_t count = wanted("SLURM_ARRAY_TASK_COUNT");
  const int64_t first = wanted("SLURM_ARRAY_TASK_MIN");
  const int64_t last = wanted("SLURM_ARRAY_TASK_MAX");
  const int64_t step = number_in(variables, "SLURM_ARRAY_TASK_STEP").value_or(1);
  if (count == 1)
    refuse("shard",
           "the Slurm array has only the task {}, which does not say which part of how many it is; give the "
           "part as I/N",
           *task);
  const bool is_regular = step >= 1 && *task >= first && *task <= last && (*task - first) % step == 0 &&
                          (last - first) / step + 1 == count;
  if (!is_regular)
    refuse("shard",
           "the Slurm array has {} tasks from {} to {} in steps of {}, with gaps between them, so the place "
           "of task {} is not known; use an array of 1-N, or give the part as I/N",
           count, first, last, step, *task);
  return Said{"SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT",
              {.number = (*task - first) / step + 1, .count = count}};
}

[[noreturn]] void refuse_without_launcher(const Variables& variables) {
  if (is_batch_script(variables) && number_in(variables, "SLURM_NTASKS").value_or(1) > 1)
    refuse("shard",
           "this is the batch script of a Slurm job, which runs once, and not one of its {} tasks; start "
           "tugline with srun or mpirun, or submit an array job",
           *variables("SLURM_NTASKS"));
  refuse("shard",
         "no launcher says in the environment which part this process is; expected OMPI_COMM_WORLD_RANK, "
         "PMI_RANK or SLURM_PROCID with the number of ranks, or a Slurm array job; start tugline with "
         "mpirun or srun, or give the part as I/N");
}

}  // namespace

std::optional<std::string> environment_variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

Shard launched_shard(const Variables& variables) {
  const std::optional<Said> rank = rank_of_launcher(variables);
  const std::optional<Said> task = task_of_array(variables);
  if (!rank && !task) refuse_without_launcher(variables);
  if (!task) return rank->shard;
  if (rank && rank->shard.count > 1)
    refuse("shard",
           "{} say part {} of {}, and {} say part {} of {}: it is not known whether the array or the ranks "
           "share the run; give the part as I/N",
           task->by, task->shard.number, task->shard.count, rank->by, rank->shard.number, rank->shard.count);
  return task->shard;
}

bool has_place_for_shard(const std::string& path) { return path.find(kPlace) != std::string::npos; }

std::string path_of_shard(const std::string& path, const Shard& shard) {
  const std::filesystem::path whole(path);
  if (has_place_for_shard(whole.parent_path().string()))
    refuse("output", "{}: {} stands in the name of a folder; expected it in the file's name, such as {}",
           path, kPlace, "run-{shard}.db");
  std::string name = whole.filename().string();
  const std::string count = std::to_string(shard.count);
  const std::string text = fmt::format("{:0{}}-of-{}", shard.number, count.size(), count);
  for (size_t at = name.find(kPlace); at != std::string::npos; at = name.find(kPlace, at + text.size()))
    name.replace(at, kPlace.size(), text);
  return (whole.parent_path() / name).string();
}

}  // namespace tugline
