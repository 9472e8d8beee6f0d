// The index of a model in several files, of arbitrary bytes: an Error, or names of files that lie below the
// index's folder.
#include <cstdlib>
#include <filesystem>

#include "attempt.h"
#include "scratch_file.h"
#include "tugline/files/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static ScratchFile file("model.safetensors.index.json");
  attempt([&] {
    for (const std::string& shard : tugline::shards_of_index(file.holding(data, size))) {
      const std::filesystem::path folder = "folder";
      const std::filesystem::path path = (folder / shard).lexically_normal();
      if (shard.empty() || *path.begin() != folder || shard.find('\0') != std::string::npos) std::abort();
    }
  });
  return 0;
}
