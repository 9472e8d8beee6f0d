// A library for LD_PRELOAD that sets the modes of a terminal 20 ms late, as on a busy machine.
#include <dlfcn.h>
#include <termios.h>
#include <unistd.h>

extern "C" int tcsetattr(int descriptor, int when, const struct termios* modes) noexcept {
  using Function = int (*)(int, int, const struct termios*);
  const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "tcsetattr"));
  usleep(20'000);
  return real(descriptor, when, modes);
}
