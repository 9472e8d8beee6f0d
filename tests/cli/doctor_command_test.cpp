// The built program's doctor.
#include <nlohmann/json.hpp>

#include "commands.h"
#include "tugline/backend/machine.h"
#include "tugline/core/version.h"

namespace tugline::test {
namespace {

class Doctor : public Commands {};

TEST_F(Doctor, SaysWhatTheMachineOffers) {
  const auto found = result("doctor --json");
  EXPECT_EQ(found["tugline_version"], std::string(kVersion));
  EXPECT_GE(found["threads"].get<int>(), 1);
  EXPECT_GT(found["f32_gflops"].get<double>(), 0.01);
  EXPECT_TRUE(found["last_level_cache"].is_null() || found["last_level_cache"].get<int64_t>() >= 1 << 15);
  EXPECT_GE(found["memory_total"].get<int64_t>(), found["memory_available"].get<int64_t>());
  for (const char* name : {"cpu", "architecture", "instruction_set", "onednn_version", "onednn_isa"})
    EXPECT_FALSE(found[name].get<std::string>().empty()) << name;
  EXPECT_EQ(found["bf16_native"], describe_machine().missing_bf16.empty());
  EXPECT_EQ(found["bf16_gflops"].is_number(), found["bf16_native"].get<bool>());
  EXPECT_EQ(found["gpu"], nullptr);
}

TEST_F(Doctor, TakesTheThreadsItIsGiven) {
  const ProgramOutcome page = run_program("OMP_NUM_THREADS=1 '" TUGLINE_PROGRAM "' doctor");
  ASSERT_EQ(page.status, 0) << page.err;
  EXPECT_TRUE(holds(page.out, ", 1 thread\n")) << page.out;
  EXPECT_TRUE(holds(page.out, "bf16      products ")) << page.out;
  EXPECT_TRUE(holds(page.out, "GPU       none")) << page.out;
}

TEST_F(Doctor, BadInputIsRefused) {
  expect_refused("doctor now", "now");
  expect_refused("doctor > /dev/full", "standard output");
}

}  // namespace
}  // namespace tugline::test
