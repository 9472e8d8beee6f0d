// A file of options in TOML, of arbitrary bytes: an Error, or names and values.
#include "scratch_file.h"
#include "tugline/cli/option_defaults.h"
#include "tugline/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static ScratchFile file("options.toml");
  try {
    static_cast<void>(tugline::read_option_file(file.holding(data, size)));
  } catch (const tugline::Error&) {  // the right answer to most inputs
  }
  return 0;
}
