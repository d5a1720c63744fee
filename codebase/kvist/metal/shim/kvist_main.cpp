// The program around one compiled kernel. Reads a request from standard input, runs it, writes the outputs back
// into the request's data file and one line of JSON to standard output. A process of its own per call means that
// a kernel which crashes or never ends takes nobody with it, and that calls cannot disturb each other.
//
// Request (see kvist/metal/process.py):
//   data PATH | grid X Y Z | threadgroup X Y Z | order NAME SEED | limit SECONDS | check 0 or 1
//   buffer NAME OFFSET BYTES input|output|inout      one per buffer parameter, in the order of their indices
//   threadgroup_memory NUMBER NAME BYTES ASSUMED     one per [[threadgroup(n)]]
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>
#ifdef __linux__
#include <ucontext.h>
#endif

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "kvist_memory.h"
#include "kvist_report.h"
#include "kvist_scheduler.h"

namespace kvist_emulator {
namespace {

struct Buffer {
  std::string name;
  long offset;
  size_t bytes;
  Mode mode;
  char* data;
};

struct Request {
  std::string data_path;
  Dispatch dispatch{};
  double limit = 10;
  std::vector<Buffer> buffers;
};

struct ThreadgroupArgument {
  uint32_t number;
  std::string name;
  size_t bytes;
  bool assumed;  // nobody said how large it is: not counted against the limit
};

Request request;
std::vector<ThreadgroupArgument> threadgroup_arguments;
int data_file = -1;

// ---- faults ----------------------------------------------------------------------------------------------

struct Context {
  uintptr_t pc = 0, frame_pointer = 0;
  bool writing = false;
};

Context context_of(void* context) {
#if defined(__linux__) && defined(__x86_64__)
  const auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  return {uintptr_t(registers[REG_RIP]), uintptr_t(registers[REG_RBP]), (registers[REG_ERR] & 2) != 0};
#elif defined(__linux__) && defined(__aarch64__)
  const auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
  return {uintptr_t(machine.pc), uintptr_t(machine.regs[29]), false};
#else
  (void)context;
  return {};  // no line numbers for crashes there
#endif
}

void on_signal(int number, siginfo_t* info, void* context) {
  const Context at = context_of(context);
  char* const address = static_cast<char*>(info->si_addr);
  Report report;
  const bool memory = number == SIGSEGV || number == SIGBUS;
  if (memory && checked && running.in_kernel && report_count() > 0 && allow_stray_page(address)) return;  // reported
  const uint32_t slot = memory ? slot_of(address) : kMaxRegions;
  if (number == SIGALRM || number == SIGXCPU) {
    report.kind = "time_limit";
  } else if (number == SIGFPE) {
    report.kind = "division_by_zero";
  } else if (!memory) {
    report.kind = "illegal_instruction";
  } else if (is_stack_guard(address)) {
    report.kind = "stack_overflow";
  } else if (slot != kMaxRegions) {
    const Region& region = regions[slot];
    const ptrdiff_t offset = address - region.data, element = region.layout.element;
    report.kind = offset >= 0 && size_t(offset) < region.bytes ? "write_to_input" : "out_of_bounds";
    report.region = int(slot);
    report.index = (offset >= 0 ? offset : offset - element + 1) / element;
    report.access = at.writing ? "write" : "read";
  } else {
    report.kind = "wild_pointer";
    report.access = at.writing ? "write" : "read";
  }
  add_at(report, at.pc, at.frame_pointer);
  finish(true);
}

void catch_faults(double limit) {
  static char stack[64 << 10];  // the thread's own stack may be what overflowed
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM, SIGXCPU}) sigaction(number, &action, nullptr);
  itimerval timer{};
  timer.it_value.tv_sec = long(limit);
  timer.it_value.tv_usec = long((limit - double(long(limit))) * 1e6) + 1;
  setitimer(ITIMER_REAL, &timer, nullptr);
}

// What a kernel may use of the machine. A guard against mistakes, not against malice.
void limit_resources(double seconds, size_t buffer_bytes) {
  const rlim_t processor = rlim_t(seconds) + 2;
  const rlimit time{processor, processor + 2}, none{0, 0};
  setrlimit(RLIMIT_CPU, &time);
  setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
  const rlim_t memory = 192 * rlim_t(buffer_bytes) + (rlim_t(2) << 30);  // cells are 40 + 96 bytes for each scalar
  const rlimit data{memory, memory};
  setrlimit(RLIMIT_DATA, &data);
#endif
}

// ---- buffers ---------------------------------------------------------------------------------------------

void place_buffers() {
  size_t largest = 1 << 20, total = 0;
  for (const Buffer& buffer : request.buffers) {
    largest = std::max(largest, buffer.bytes);
    total += buffer.bytes;
  }
  limit_resources(request.limit, total);
  reserve_memory(largest);
  uint32_t number = 0;
  for (Buffer& buffer : request.buffers) {
    buffer.data = add_region(buffer.name, buffer.mode, buffer.bytes, layouts[number++]).data;
    if (buffer.mode == Mode::output) continue;
    for (size_t done = 0; done < buffer.bytes;) {
      const ssize_t n = pread(data_file, buffer.data + done, buffer.bytes - done, buffer.offset + long(done));
      if (n <= 0) give_up("the buffers' file");
      done += size_t(n);
    }
    if (!checked && buffer.mode == Mode::input) protect(buffer.data, buffer.bytes);
  }
}

// ---- request ----------------------------------------------------------------------------------------------

void read_request() {
  char* line = nullptr;
  size_t capacity = 0;
  Dispatch& d = request.dispatch;
  while (getline(&line, &capacity, stdin) > 0) {
    if (sscanf(line, "grid %u %u %u", &d.grid[0], &d.grid[1], &d.grid[2]) == 3) continue;
    if (sscanf(line, "threadgroup %u %u %u", &d.threadgroup[0], &d.threadgroup[1], &d.threadgroup[2]) == 3) continue;
    if (sscanf(line, "limit %lf", &request.limit) == 1) continue;
    char text[256], mode[8];
    uint32_t id;
    size_t bytes;
    if (int check; sscanf(line, "check %d", &check) == 1) {
      checked = check != 0;
      continue;
    }
    if (int assumed; sscanf(line, "threadgroup_memory %u %255s %zu %d", &id, text, &bytes, &assumed) == 4) {
      threadgroup_arguments.push_back({id, text, bytes, assumed != 0});
      continue;
    }
    if (strncmp(line, "data ", 5) == 0) {
      request.data_path.assign(line + 5, strcspn(line + 5, "\n"));
    } else if (sscanf(line, "order %255s %llu", text, &d.seed) == 2) {
      d.order = *text == 'f' ? Order::forward : strcmp(text, "random") == 0 ? Order::random : Order::reverse;
    } else if (Buffer b{}; sscanf(line, "buffer %255s %ld %zu %7s", text, &b.offset, &b.bytes, mode) == 4) {
      b.name = text;
      b.mode = strcmp(mode, "input") == 0 ? Mode::input : strcmp(mode, "output") == 0 ? Mode::output : Mode::inout;
      request.buffers.push_back(b);
    } else {
      give_up("a request that can be read");
    }
  }
  free(line);
}

}  // namespace

void save_outputs() {
  for (const Buffer& buffer : request.buffers) {
    if (buffer.mode == Mode::input || buffer.data == nullptr) continue;
    for (size_t done = 0; done < buffer.bytes;) {
      const ssize_t n = pwrite(data_file, buffer.data + done, buffer.bytes - done, buffer.offset + long(done));
      if (n <= 0) give_up("room for the outputs");
      done += size_t(n);
    }
  }
}

void* threadgroup_argument(uint32_t number, uint32_t element, uint32_t scalar) {
  for (const ThreadgroupArgument& a : threadgroup_arguments) {
    if (a.number == number) {
      return threadgroup_memory(a.number, a.name.c_str(), a.bytes, element, scalar, Site{}, !a.assumed);
    }
  }
  return nullptr;
}

}  // namespace kvist_emulator

int main() {
  using namespace kvist_emulator;
  read_request();
  catch_faults(request.limit);
  data_file = open(request.data_path.c_str(), O_RDWR);
  if (data_file < 0) give_up("the buffers' file");
  place_buffers();
  std::vector<void*> addresses;
  for (const Buffer& buffer : request.buffers) addresses.push_back(buffer.data);
  request.dispatch.buffers = addresses.data();
  run(request.dispatch);
  finish(false);
}
