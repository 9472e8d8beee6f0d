// How much of this process is in memory.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace tugline::test {

// Bytes of this process that are in memory, by /proc/self/statm.
inline int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  file >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

}  // namespace tugline::test
