#include "calls.h"

#include <nanobind/stl/string.h>
#include <pthread.h>

namespace tugline_python {
namespace {

using namespace std::chrono_literals;

// Between looks at Python's signals, and between words about progress.
constexpr auto kBetweenLooks = 50ms;
constexpr auto kBetweenWords = 100ms;

sigset_t interrupt_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void throw_error(const tugline::Error& error) {
  const nb::object raised =
      nb::module_::import_("tugline._errors")
          .attr("error_of")(std::string(tugline::name_of(error.code())), error.what(), error.setting());
  PyErr_SetObject(raised.type().ptr(), raised.ptr());
  throw nb::python_error();
}

Call::Call(nb::object warn, nb::object progress) : warn_(std::move(warn)), progress_(std::move(progress)) {
  const sigset_t signals = interrupt_signal();
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  watch_.keep_going = [this] { return keep_going(); };
  if (!warn_.is_none())
    watch_.warn = [this](const std::string& sentence) { call_python([&] { warn_(sentence); }); };
  if (!progress_.is_none())
    watch_.progress = [this](const tugline::CallProgress& now) {
      const bool is_last = now.pushes == now.all_pushes;
      if (!is_last && Clock::now() - told_ < kBetweenWords) return;
      told_ = Clock::now();
      call_python([&] { progress_(now.pushes, now.all_pushes, now.work, now.unit); });
    };
}

void Call::tell_fetched(nb::object fetched) {
  fetched_ = std::move(fetched);
  if (!fetched_.is_none())
    watch_.fetched = [this](int64_t bytes, int64_t all_bytes) {
      if (Clock::now() - told_ < kBetweenWords && bytes != all_bytes) return;
      told_ = Clock::now();
      call_python([&] { fetched_(bytes, all_bytes); });
    };
}

Call::~Call() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool Call::keep_going() {
  if (std::this_thread::get_id() != caller_ || stopped_) return !stopped_;
  if (Clock::now() - asked_ < kBetweenLooks) return true;
  asked_ = Clock::now();
  const sigset_t signals = interrupt_signal();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  {
    const nb::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) stop_with_python_error();
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return !stopped_;
}

void Call::stop_with_python_error() {
  raised_.emplace();
  stopped_ = true;
}

template <typename Function>
void Call::call_python(const Function& function) {
  if (stopped_) return;
  const nb::gil_scoped_acquire gil;
  try {
    function();
  } catch (nb::python_error& error) {
    raised_.emplace(std::move(error));
    stopped_ = true;
  }
}

void Call::fail(const tugline::Error& error) {
  if (raised_ && !raised_->matches(PyExc_KeyboardInterrupt)) throw nb::python_error(std::move(*raised_));
  throw_error(error);
}

}  // namespace tugline_python
