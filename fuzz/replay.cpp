// fuzz_replay TARGET FILE...: gives each file to the fuzz target of that name, once. Ends as the target ends:
// 0, or a signal if the target found something wrong. Exit status 2: no such target, no file, or a file that
// cannot be read.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

// CMake writes fuzz_targets.inc: TARGET(fuzz_NAME) for each.
#define TARGET(name) extern "C" int name(const uint8_t* data, size_t size);
#include "fuzz_targets.inc"
#undef TARGET

int main(int count, char** arguments) {
  using Target = int (*)(const uint8_t*, size_t);
  const std::map<std::string, Target> targets = {
#define TARGET(name) {#name, name},
#include "fuzz_targets.inc"
#undef TARGET
  };
  const auto target = count > 2 ? targets.find(arguments[1]) : targets.end();
  if (target == targets.end()) {
    std::fputs("usage: fuzz_replay TARGET FILE...\n", stderr);
    return 2;
  }
  for (int at = 2; at < count; ++at) {
    std::ifstream file(arguments[at], std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
      std::fprintf(stderr, "%s cannot be read\n", arguments[at]);
      return 2;
    }
    std::printf("%s\n", arguments[at]);
    target->second(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  return 0;
}
