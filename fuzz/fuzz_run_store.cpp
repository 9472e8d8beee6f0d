// A run store of arbitrary bytes: an Error, or a run whose every part can be read.
#include "read_run_store.h"
#include "scratch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static ScratchFile file("run.db");
  read_run_store(file.holding(data, size));
  return 0;
}
