// A file of options in TOML, of arbitrary bytes: an Error, or names and values.
#include "attempt.h"
#include "scratch_file.h"
#include "tugline/cli/option_defaults.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static ScratchFile file("options.toml");
  attempt([&] { static_cast<void>(tugline::read_option_file(file.holding(data, size))); });
  return 0;
}
