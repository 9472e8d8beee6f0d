// config.json on arbitrary bytes: an Error, or a configuration that has been checked.
#include "attempt.h"
#include "scratch_file.h"
#include "tugline/model/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static ScratchFile file("config.json");
  attempt([&] {
    const tugline::ModelConfig config = tugline::read_config_json(file.holding(data, size));
    static_cast<void>(tugline::hash_of(config));
    static_cast<void>(tugline::positions_after_scaling(config));
    for (int32_t layer = 0; layer < 4; ++layer) static_cast<void>(config.window(layer));
  });
  return 0;
}
