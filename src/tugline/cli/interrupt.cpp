#include "tugline/cli/interrupt.h"

#include <csignal>

namespace tugline {
namespace {

volatile std::sig_atomic_t asked_to_stop = 0;

void handle(int signal) {
  asked_to_stop = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, handle);
  std::signal(SIGTERM, handle);
}

bool interrupted() { return asked_to_stop != 0; }

}  // namespace tugline
